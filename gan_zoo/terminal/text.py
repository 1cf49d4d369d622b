"""Columns, paragraphs, values on one line."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from pydantic_core import to_jsonable_python

from gan_zoo.errors import UserError
from gan_zoo.specs import Spec
from gan_zoo.zoo import near_misses

NARROWEST = 24  # columns that are left for the last cell of a row, in a terminal


def print_rows(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Columns, indented by two; in a terminal the last one is wrapped to what is left.

    Args:
        rows: Cells; every row has as many as the first.
        right: Columns that are aligned at the right.
    """
    columns = range(len(rows[0])) if rows else ()
    widths = [max(len(row[n]) for row in rows) for n in columns]
    for row in rows:
        *cells, last = [
            cell.rjust(width) if n in right else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        before = "  " + "".join(f"{cell}  " for cell in cells)
        for number, line in enumerate(
            _lines(last.rstrip(), max(NARROWEST, _columns() - len(before)))
        ):
            print(f"{' ' * len(before) if number else before}{line}".rstrip())


def indented(text: str) -> str:
    """A paragraph, moved right by two."""
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def first_line(text: str) -> str:
    """What a docstring says first; empty where there is none."""
    return text.strip().splitlines()[0] if text.strip() else ""


def plain(value: Any) -> Any:
    """A default of a spec as plain data."""
    return value.model_dump(mode="json") if isinstance(value, Spec) else to_jsonable_python(value)


def flow(value: Any) -> str:
    """Plain data on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=sys.maxsize, sort_keys=False)
    return str(text).removesuffix("\n").removesuffix("\n...").strip()


def known_kind(kind: str, known: Iterable[str]) -> None:
    """Refuse a kind that is none.

    Raises:
        UserError: with what was probably meant.
    """
    known = list(known)
    if kind not in known:
        near = near_misses(kind, known)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise UserError(f"unknown kind '{kind}'; {hint}")


def _columns() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _lines(text: str, room: int) -> list[str]:
    wrap = textwrap.TextWrapper(room, break_long_words=False, break_on_hyphens=False)
    return [line for given in text.splitlines() or [""] for line in wrap.wrap(given) or [""]]
