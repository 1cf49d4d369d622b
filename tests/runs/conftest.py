"""The small recipes of the engine's tests."""

from tests.engine.conftest import few, tiny

__all__ = ["few", "tiny"]
