"""What goes wrong for people: every message says what came, what was expected and the cure."""

from __future__ import annotations


class UserError(Exception):
    """The user's input is wrong: a recipe, data, an argument. The command line exits with 2."""


class DataError(UserError):
    """A file or folder of the data is not what the recipe says; the message names it."""


class ContractError(ValueError):
    """A component cannot work on the shapes it is given.

    Args:
        message: What came, what was expected and the cure.
        option: The option of the component to look at, so that its line can be shown.
    """

    def __init__(self, message: str, *, option: str = "") -> None:
        super().__init__(message)
        self.option = option
