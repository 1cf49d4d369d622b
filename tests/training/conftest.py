"""The small recipes of the engine's tests, and the command line in this process."""

from tests.cli.conftest import zoo
from tests.engine.conftest import differ, few, noise, play, tiny

__all__ = ["differ", "few", "noise", "play", "tiny", "zoo"]
