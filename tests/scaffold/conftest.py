"""The command line in this process, as its own tests have it."""

from tests.cli.conftest import zoo

__all__ = ["zoo"]
