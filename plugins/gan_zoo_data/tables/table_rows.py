"""A line of a table, and which of its columns is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import NamedTuple

TABLES = (".csv", ".tsv", ".json", ".jsonl", ".txt")
SPLIT, NAME = "split", "name"  # columns with a meaning of their own


class Row(NamedTuple):
    """One line of a table.

    Args:
        place: FILE:LINE, for messages.
        cells: Column -> text, as it stands but for spaces around it.
        nested: Column -> what came, where it is no text.
    """

    place: str
    cells: Mapping[str, str]
    nested: Mapping[str, str] = {}


@dataclass
class Table:
    """What a table says.

    Args:
        rows: Its lines.
        mistakes: What is wrong with others.
        first: The place of the line that names the columns of all; empty where every line does.
        columns: What that line names.
        notes: What was read otherwise than it stands, a clause each.
    """

    rows: list[Row] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    first: str = ""
    columns: Sequence[str] = ()
    notes: list[str] = field(default_factory=list)

    def copy(self) -> Table:
        """The same lines in lists of their own."""
        return replace(self, rows=[*self.rows], mistakes=[*self.mistakes], notes=[*self.notes])

    def note(self, told: Iterable[str]) -> None:
        """Say something once."""
        self.notes = list(dict.fromkeys([*self.notes, *told]))


class Match(NamedTuple):
    """How the columns of a table are called here.

    Args:
        columns: The columns in their order; one that is wanted by the name it is wanted by.
        notes: Which are called otherwise in the table.
        mistakes: Which could be either of two.
    """

    columns: Sequence[str]
    notes: Sequence[str]
    mistakes: Sequence[str]

    def count(self, wanted: Iterable[str]) -> int:
        """How many of these there are."""
        return len(set(wanted) & set(self.columns))


def match_columns(columns: Sequence[str], wanted: Sequence[str]) -> Match:
    """Find columns whose names differ in letter case, spaces or signs alone, where one does."""
    made, notes, mistakes = list(columns), [], []
    for name in wanted:
        if made.count(name) > 1:
            mistakes.append(f"the column {name!r} is there twice; name every column once")
        if name in made or not (plain := _plain(name)):
            continue
        alike = [n for n, column in enumerate(columns) if _plain(column) == plain]
        if len(alike) == 1 and made[alike[0]] not in wanted:
            made[alike[0]] = name
            notes.append(f"the column {columns[alike[0]]!r} is taken for {name}")
        elif len(alike) > 1:
            either = " and ".join(repr(columns[n]) for n in alike)
            mistakes.append(
                f"no column {name}, and {either} are both like it; say which: "
                f"`columns: {{{name}: {columns[alike[0]]}}}`"
            )
    return Match(made, notes, mistakes)


def is_inside(name: str) -> bool:
    """Whether a file of that name lies within the folder it is written to."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _plain(column: str) -> str:
    return re.sub(r"[\W_]+", "", column.casefold())
