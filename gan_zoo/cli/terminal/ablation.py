"""An ablation: what it would do, and its table, in as many blocks as the window needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Group, lay_out
from gan_zoo.ablation.tables.records import as_data
from gan_zoo.cli.terminal.text import print_rows, window
from gan_zoo.reporter import format_duration

if TYPE_CHECKING:
    from gan_zoo.ablation.ablate import Ablation
    from gan_zoo.ablation.listing import Listing

GAP = 2  # columns between two cells, and left of the first
MARK = "*"  # before a difference that may be believed


def print_ablation(found: Ablation, as_json: bool = False) -> None:
    """The table of an ablation, and where the rest is."""
    print_table(found.table, as_json)
    if not as_json:
        print(f"\nFolder: {found.path}")


def print_listing(found: Listing) -> None:
    """The variants with their changes and size, and how long it all takes."""
    plan = found.plan
    print(f"{plan.name}: {plan.about}" if plan.about else plan.name)
    rows = [["variant", "parameters", "GFLOP a step", "steps", "a run takes", "changes"]]
    for name, one in plan.variants.items():
        takes = format_duration(found.seconds[name]) if found.seconds else "-"
        told = ", ".join(one.changes) or "none"
        if name == plan.reference:
            told = f"{told} (the reference)"
        size = [f"{one.parameters:,}", f"{one.flop / 1e9:,.2f}", f"{one.steps:,}"]
        rows.append([name, *size, takes, told])
    print()
    print_rows(rows, right=(1, 2, 3, 4))
    for name, why in plan.left_out.items():
        print(f"\n{name} is left out: {why}")
    runs = f"{len(plan.variants)} variants x {len(plan.seeds)} seeds = {len(plan.runs)} runs"
    done = f", {len(found.done)} of them done" if found.done else ""
    threads = f", {plan.threads} thread{'s' * (plan.threads > 1)} each" if plan.threads else ""
    took = "" if found.hours is None else f": about {format_duration(3600 * found.hours)} of steps"
    print(f"\n{runs}{done}; {found.jobs} at a time{threads}{took}")


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
