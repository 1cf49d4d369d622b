"""An ablation: what it would do, and its table, in as many blocks as the window needs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Entry, Head, lay_out, spans
from gan_zoo.ablation.tables.records import as_data
from gan_zoo.cli.terminal.text import print_rows, window
from gan_zoo.reporter import format_duration

if TYPE_CHECKING:
    from gan_zoo.ablation.ablate import Ablation
    from gan_zoo.ablation.listing import Listing

GAP = 2  # columns between two cells, and left of the first
MARK = "*"  # before a number whose difference may be believed
RULE = "─"  # under what stands over several columns


def print_ablation(found: Ablation, as_json: bool = False) -> None:
    """The table of an ablation, and where the rest is."""
    print_table(found.table, as_json)
    if not as_json:
        print(f"\nFolder: {found.path}")


def print_listing(found: Listing) -> None:
    """The variants with their changes and size, and how long it all takes."""
    plan = found.plan
    print_head(plan.name, plan.about)
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


def print_head(name: str, about: str) -> None:
    """What it is called, and what it asks."""
    told = f"{name}: {about}" if about else name
    print(textwrap.fill(told, window(), break_long_words=False, break_on_hyphens=False))


def print_table(table: Table, as_json: bool = False) -> None:
    """What came out, and below it what must be read. Columns that do not fit beside the others of
    their block stand below them, again beside the variants' names.
    """
    if as_json:
        print(json.dumps(as_data(table), indent=2, allow_nan=False))
        return
    print_head(table.name, table.about)
    for block in lay_out(table):
        print()
        print_rows([[block.title]])
        names, *columns = map(Column, block.heads, zip(*block.rows, strict=True))
        for n, part in enumerate(_parts(names, columns)):
            if n:
                print()
            _print_part([names, *part])
    print()
    for sentence in footers(table, mark=MARK):
        print_rows([[sentence]])


class Column:
    """A column of a block as the terminal has it.

    Args:
        head: What stands above it.
        entries: Of the variants.
    """

    def __init__(self, head: Head, entries: Sequence[Entry]) -> None:
        self.head = head
        self.cells = [head.text, *map(_tell, entries)]
        self.width = max(len(head.over), *map(len, self.cells))


def _tell(entry: Entry) -> str:
    text = f"{MARK} {entry.text}" if entry.bold else entry.text
    return f"{text}{' ' * GAP}{entry.aside}" if entry.aside else text


def _parts(names: Column, columns: Sequence[Column]) -> list[list[Column]]:
    """As many columns side by side as the window has room for."""
    parts: list[list[Column]] = []
    left = 0
    for column in columns:
        width = GAP + column.width
        if not parts or width > left:
            parts.append([])
            left = window() - GAP - names.width
        parts[-1].append(column)
        left -= width
    return parts


def _print_part(columns: Sequence[Column]) -> None:
    heads = tuple(column.head for column in columns)
    widths = [column.width for column in columns]
    over, start = "", 0
    for text, count in spans(heads):
        width = sum(widths[start : start + count]) + GAP * (count - 1)
        told = f" {text} ".center(width, RULE) if len(text) + 4 <= width else text.rjust(width)
        over += " " * GAP + (told if text else " " * width)
        start += count
    if over:
        print(over.rstrip()[: window()])
    rows = zip(*([cell.rjust(c.width) for cell in c.cells] for c in columns[1:]), strict=True)
    named = zip(columns[0].cells, rows, strict=True)
    print_rows([[name, *row] for name, row in named], right=range(1, len(columns)))
