"""Columns and paragraphs."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from gan_zoo.errors import UserError, near_misses

NARROWEST = 24  # columns that are left for the last cell of a row, in a terminal
LEAST = 12  # columns that are left for the others


def print_rows(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Columns, indented by two; in a terminal they are wrapped to fit, the widest ones first.

    Args:
        rows: Cells; every row has as many as the first.
        right: Columns that are aligned at the right.
    """
    widths = _widths(rows)
    for row in rows:
        columns = [_lines(cell.rstrip(), width) for cell, width in zip(row, widths, strict=True)]
        for line in zip_longest(*columns, fillvalue=""):
            cells = [
                cell.rjust(width) if n in right else cell.ljust(width)
                for n, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            print(f"  {'  '.join(cells)}".rstrip())


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Of every column; the last one takes what is left."""
    if not rows:
        return []
    *widths, last = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    room = window() - 2 - 2 * len(widths)
    while widths and sum(widths) + min(last, NARROWEST) > room and max(widths) > LEAST:
        widths[widths.index(max(widths))] -= 1
    return [*widths, min(last, max(NARROWEST, room - sum(widths)))]


def indent(text: str) -> str:
    """A paragraph, moved right by two."""
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def summary(text: str) -> str:
    """The first sentences of a docstring, those of its first paragraph, on one line."""
    return " ".join(text.strip().partition("\n\n")[0].split())


def require_kind(kind: str, known: Iterable[str]) -> None:
    """Refuse a kind that is none.

    Raises:
        UserError: with what was probably meant.
    """
    known = list(known)
    if kind not in known:
        near = near_misses(kind, known)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise UserError(f"unknown kind '{kind}'; {hint}")


def window() -> int:
    """Columns of the terminal; without end where none is looked at."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _lines(text: str, room: int) -> list[str]:
    wrap = textwrap.TextWrapper(room, break_long_words=False, break_on_hyphens=False)
    return [line for given in text.splitlines() or [""] for line in wrap.wrap(given) or [""]]
