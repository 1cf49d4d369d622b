"""What goes wrong for people: every message says what came, what was expected and the cure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """The user's input is wrong: a recipe, data, an argument. The command line exits with 2."""


class DataError(UserError):
    """A file or folder of the data is not what the recipe says; the message names it."""


@contextmanager
def during(what: str) -> Iterator[None]:
    """Whatever a component raises in here says below its traceback what was being done."""
    try:
        yield
    except UserError:
        raise
    except Exception as problem:
        problem.add_note(f"While {what}")
        raise


class ContractError(ValueError):
    """A component cannot work on the shapes it is given.

    Args:
        message: What came, what was expected and the cure.
        option: The option of the component to look at, so that its line can be shown.
    """

    def __init__(self, message: str, *, option: str = "") -> None:
        super().__init__(message)
        self.option = option
