"""Sound files that are not what the recipe says. Those that share a cure are told in one line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from gan_zoo.components import DataError

MOST = 10  # names in one message; of more files the first FEW are named
FEW = 3


class Fault(ABC):
    """What a file is, or holds, instead of what the recipe says."""

    @property
    @abstractmethod
    def kind(self) -> Hashable:
        """Faults of one kind are told as one."""

    def joined(self, other: Self) -> Self:
        """The fault of both files; they share a kind."""
        return self

    @abstractmethod
    def told(self, *, several: bool = False) -> str:
        """What follows the name of the file, or of several: the fault and its cure."""


@dataclass(frozen=True)
class Instead(Fault):
    """A file of another sort.

    Args:
        what: What follows "is", with the cure.
    """

    what: str

    @property
    def kind(self) -> Hashable:
        """The same words."""
        return self.what

    def told(self, *, several: bool = False) -> str:
        """What it is."""
        return f"{'each ' * several}is {self.what}"


@dataclass(frozen=True)
class OtherSize(Fault):
    """A file of a size that the size rule does not take.

    Args:
        sizes: Height x width.
        wrong: What is wrong with them, and the cure.
    """

    sizes: tuple[str, ...]
    wrong: str

    @property
    def kind(self) -> Hashable:
        """The same words, whatever the sizes are."""
        return self.wrong

    def joined(self, other: Self) -> Self:
        """The sizes of both."""
        return replace(self, sizes=tuple(dict.fromkeys(self.sizes + other.sizes)))

    def told(self, *, several: bool = False) -> str:
        """The sizes, of many the first few."""
        more = ", ..." * (len(self.sizes) > FEW)
        shown = f"{', '.join(self.sizes[:FEW])}{more} (height x width)"
        return f"{'each ' * several}is {shown}, {self.wrong}"


class Misfit(DataError):
    """A sound file that is not what the recipe says.

    Args:
        message: The whole of it; a process that reads ahead hands on no more than this.
        path: The file.
        fault: What is wrong with it.
    """

    def __init__(self, message: str, path: Path | None = None, fault: Fault | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.fault = fault

    @classmethod
    def of(cls, path: Path, fault: Fault) -> Misfit:
        """The message of one file."""
        return cls(f"{path} {fault.told()}", path, fault)


def group_faults(problems: Iterable[DataError | str]) -> list[str]:
    """Messages in the order of the problems; files with the same fault share one."""
    groups: dict[Hashable, list[DataError | str]] = {}
    for problem in problems:
        shared = problem.fault.kind if isinstance(problem, Misfit) and problem.fault else problem
        groups.setdefault(shared, []).append(problem)
    return [_told(group) for group in groups.values()]


def _told(group: list[DataError | str]) -> str:
    fault: Fault | None = None
    files: dict[Path, None] = {}
    for problem in group:
        if isinstance(problem, Misfit) and problem.fault and problem.path:
            fault = fault.joined(problem.fault) if fault else problem.fault
            files[problem.path] = None
    if fault is None or len(files) == 1:
        return str(group[0])
    shown = list(map(str, files))[: MOST if len(files) <= MOST else FEW]
    more = ", ..." * (len(files) > len(shown))
    return f"{len(files)} files ({', '.join(shown)}{more}): {fault.told(several=True)}"
