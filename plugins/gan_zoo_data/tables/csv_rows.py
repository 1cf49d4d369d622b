"""Cells between separators, as spreadsheets and other programs write them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gan_zoo_data.tables.table_rows import Match, Row, Table, match_columns

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
FIRST = re.compile(r'"?sep=(.)"?[;,\t]*', re.IGNORECASE)  # what Excel reads and writes
PAIR = ("image", "label")  # the columns of lists without a first line


class Head(NamedTuple):
    """The line that names the columns.

    Args:
        line: Its number from 0.
        separator: What stands between cells.
        match: The columns.
    """

    line: int
    separator: str
    match: Match


def read_csv(path: Path, text: str, wanted: Sequence[str]) -> Table:
    """A table whose first line names the columns. Lines before it may be empty, comments (#), or
    say the separator (sep=;); else it is the one that makes most of the wanted columns appear.

    Args:
        path: The file, for messages.
        text: What it holds.
        wanted: Columns that are looked for.
    """
    lines = [*io.StringIO(text, newline="")]  # a line ends with CR, LF or both, with nothing else
    table = Table()
    head = _head(lines, "\t" if path.suffix.lower() == ".tsv" else ",", wanted)
    if head is None:
        return table
    table.first = f"{path}:{head.line + 1}"
    if lines[head.line].lstrip().startswith(("{", "[{")):
        table.mistakes.append(f"{table.first}: this is JSON; call the file .jsonl, or .json")
        return table
    columns = list(head.match.columns)
    while columns and not columns[-1]:
        columns.pop()  # spreadsheets write every column that once was touched
    table.columns = columns
    table.mistakes += [f"{table.first}: {wrong}" for wrong in head.match.mistakes]
    table.note(head.match.notes)
    if head.separator != ",":
        table.note([f"separated by {SEPARATORS.get(head.separator, repr(head.separator))}"])
    if not table.mistakes:
        _read_lines(path, lines, head, wanted, table)
    return table


def read_list(path: Path, text: str) -> Table:
    """A list without a first line: an image a line, and perhaps its label."""
    table = Table()
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        cells = line.split("\t") if "\t" in line else line.split()
        cells = [cell.strip() for cell in cells]
        if len(cells) > len(PAIR):
            table.mistakes.append(
                f"{path}:{number}: {len(cells)} words came, but a line is an image and its label; "
                "put a tab between two paths that hold spaces"
            )
        elif any(cells):
            table.rows.append(Row(f"{path}:{number}", dict(zip(PAIR, cells, strict=False))))
    return table


def _head(lines: Sequence[str], usual: str, wanted: Sequence[str]) -> Head | None:
    """The first line that is not empty and no comment; or a comment above it, where that names all
    columns and the line does not.
    """
    separators = [usual, *(one for one in SEPARATORS if one != usual)]
    every = len(set(wanted)) or 1
    comment: Head | None = None
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        if said := FIRST.fullmatch(line.strip(" \r\n")):
            separators = [said[1]]
            continue
        tries = [Head(number, one, _columns(lines[number:], one, wanted)) for one in separators]
        best = max(tries, key=lambda head: (head.match.count(wanted), len(head.match.columns)))
        named = best.match.count(wanted) == every
        if not line.lstrip().startswith("#"):
            return comment if comment and not named else best
        comment = best if named else comment
    return comment


def _columns(lines: Sequence[str], separator: str, wanted: Sequence[str]) -> Match:
    try:
        cells: list[str] = next(_reader(lines, separator), [])
    except csv.Error as problem:
        return Match([], [], [f"{problem}; quotes must be closed"])
    return match_columns([cell.strip() for cell in cells], wanted)


def _reader(lines: Sequence[str], separator: str) -> Any:
    return csv.reader(iter(lines), delimiter=separator, strict=True, skipinitialspace=True)


def _read_lines(
    path: Path, lines: Sequence[str], head: Head, wanted: Sequence[str], table: Table
) -> None:
    """The lines below the first; those without a cell are passed over."""
    columns = table.columns
    last = max((n for n, column in enumerate(columns) if column in wanted), default=-1)
    reader = _reader(lines[head.line :], head.separator)
    next(reader)
    place = ""
    try:
        while True:
            place = f"{path}:{head.line + reader.line_num + 1}"
            cells = next(reader, None)
            if cells is None:
                return
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if any(cells[len(columns) :]) or len(cells) <= last:
                table.mistakes.append(_miscounted(place, cells, columns, head.separator))
                continue
            cells += [""] * (len(columns) - len(cells))
            table.rows.append(Row(place, dict(zip(columns, cells, strict=False))))
    except csv.Error as problem:
        table.mistakes.append(f"{place}: {problem}; quotes must be closed")


def _miscounted(place: str, cells: Sequence[str], columns: Sequence[str], separator: str) -> str:
    cure = f'put a cell that holds {SEPARATORS.get(separator, repr(separator))} in quotes: "..."'
    if cells[0].startswith("#"):
        cure = "comments stand above the first line; take it out"
    elif len(cells) < len(columns):
        cure = "write the cells that are missing, or take the line out"
    return (
        f"{place}: {len(cells)} cell{'s' * (len(cells) != 1)}, but the first line names "
        f"{len(columns)} column{'s' * (len(columns) != 1)}; {cure}"
    )
