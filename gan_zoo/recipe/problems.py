"""A mistake in a recipe as people read it: file:line: key: what came, what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gan_zoo.errors import UserError

Keys = tuple[str | int, ...]  # the way to a value, from the top of the recipe


@dataclass(frozen=True)
class Place:
    """Where something was written: a file and line, or an argument."""

    source: str
    line: int | None = None

    @property
    def typed(self) -> bool:
        """Whether it came on the command line, or as such a change from Python."""
        return self.source.startswith("--set ")

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One mistake: the key, what is wrong and how to cure it, and where it was written."""

    keys: Keys
    message: str
    place: Place | None = None

    @property
    def key(self) -> str:
        """The dotted path; what stands in a list is counted from one."""
        dotted = ".".join(key for key in self.keys if isinstance(key, str))
        items = [f"item {key + 1}" for key in self.keys if isinstance(key, int)]
        return f"{dotted} ({', '.join(items)})" if items else dotted

    def __str__(self) -> str:
        return ": ".join(str(part) for part in (self.place, self.key, self.message) if part)


class RecipeError(UserError, ValueError):
    """All mistakes of a recipe at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))
