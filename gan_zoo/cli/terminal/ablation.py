"""The table of an ablation, in as many blocks as the window needs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Group, lay_out
from gan_zoo.ablation.tables.records import as_data
from gan_zoo.cli.terminal.text import print_rows, window

GAP = 2  # columns between two cells, and left of the first
MARK = "*"  # before a difference that may be believed


def print_table(table: Table, as_json: bool = False) -> None:
    """What came out, and below it what must be read. Groups of columns that do not fit beside the
    others stand in a block of their own, each beside the variants' names.
    """
    if as_json:
        print(json.dumps(as_data(table), indent=2, allow_nan=False))
        return
    print(f"{table.name}: {table.about}" if table.about else table.name)
    names, *groups = lay_out(table)
    for block in _blocks(names, groups):
        print()
        _print_block([names, *block])
    print()
    for sentence in footers(table, mark=MARK):
        print_rows([[sentence]])


def _blocks(names: Group, groups: Sequence[Group]) -> list[list[Group]]:
    """As many groups side by side as the window has room for."""
    blocks: list[list[Group]] = []
    left = 0
    for group in groups:
        width = _width(group)
        if not blocks or width > left:
            blocks.append([])
            left = window() - _width(names)
        blocks[-1].append(group)
        left -= width
    return blocks


def _width(group: Group) -> int:
    return sum(GAP + max(map(len, column)) for column in zip(*_rows(group), strict=True))


def _rows(group: Group) -> list[list[str]]:
    """Its title, its heads, its entries."""
    title = [""] * len(group.heads)
    title[len(title) // 2] = group.title
    entries = [[f"{MARK} {e.text}" if e.bold else e.text for e in row] for row in group.rows]
    return [title, [*group.heads], *entries]


def _print_block(groups: Sequence[Group]) -> None:
    parts = [_rows(group) for group in groups]
    rows = [[cell for part in line for cell in part] for line in zip(*parts, strict=True)]
    print_rows(rows if any(rows[0]) else rows[1:], right=range(1, len(rows[0])))
