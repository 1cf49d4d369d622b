"""What stands where in the table: groups of columns, which every format prints in its own way."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass

from gan_zoo.ablation.table import PUBLISHED, Cell, Column, Row, Table
from gan_zoo.ablation.tables.numbers import decimals, fixed

NONE = "-"  # there is no such number


@dataclass(frozen=True)
class Entry:
    """A cell as it is printed.

    Args:
        text: Without any markup.
        bold: Whether it may be believed.
    """

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Group:
    """Columns that stand under one title.

    Args:
        name: Of the score; empty of columns that speak for themselves.
        order: Which values are better, as an arrow; empty without a score.
        heads: Of its columns.
        rows: A row for each variant, an entry for each head.
    """

    name: str
    order: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]

    @property
    def title(self) -> str:
        """The name with its arrow."""
        return f"{self.name} {self.order}".strip()


def lay_out(table: Table) -> tuple[Group, ...]:
    """The groups of a table, the one of the variants' names first."""
    names = tuple((Entry(row.variant),) for row in table.rows)
    seeds = tuple((Entry(_seeds(row, len(table.seeds))),) for row in table.rows)
    groups = [Group("", "", ("variant",), names)]
    groups += [_score(column, table) for column in table.columns]
    groups.append(_costs(table))
    groups.append(Group("", "", ("seeds done",), seeds))
    return (*groups, *_published(table))


def order_of(column: Column) -> str:
    """Which values are better, as an arrow."""
    if column.ideal is not None:
        return f"→ {column.ideal:g}"
    return "↓" if column.lower_is_better else "↑"


def _score(column: Column, table: Table) -> Group:
    cells = [row.cells.get(column.name) for row in table.rows]
    found = [cell for cell in cells if cell is not None]
    alone = max((len(cell.values) for cell in found), default=0) <= 1
    places = decimals(cell.sd for cell in found)
    widths = [cell.difference.half_width for cell in found if cell.difference]
    fine = decimals(widths)
    fine = places if fine is None else fine
    what = "difference" if column.ideal is None else f"distance to {column.ideal:g}"
    heads = (
        "this one training" if alone else "mean ± sd",
        f"{what} [95 %]",
        "better" if column.ideal is None else "nearer",
    )
    rows = []
    for row, cell in zip(table.rows, cells, strict=True):
        if cell is None:
            rows.append((Entry(NONE),) * 3)
            continue
        spread = "" if cell.sd is None else f" ± {fixed(cell.sd, places)}"
        mean = Entry(f"{fixed(cell.mean, places)}{spread}")
        if row.variant == table.reference:
            rows.append((mean, Entry("reference"), Entry(NONE)))
        else:
            rows.append((mean, _difference(cell, fine), Entry(_better(cell))))
    return Group(column.name, order_of(column), heads, tuple(rows))


def _difference(cell: Cell, places: int | None) -> Entry:
    found = cell.difference
    if found is None:
        return Entry(NONE)
    told = fixed(found.mean, places, sign=True)
    if math.isfinite(found.half_width):
        told += f" [{fixed(found.low, places)}, {fixed(found.high, places)}]"
    return Entry(told, cell.bold)


def _better(cell: Cell) -> str:
    return NONE if cell.better is None else f"{cell.better}/{cell.pairs}"


def _published(table: Table) -> list[Group]:
    """A paper's numbers, in columns of their own."""
    names = tuple(dict.fromkeys(name for row in table.rows for name in row.published))
    if not names:
        return []
    rows = tuple(
        tuple(Entry(fixed(row.published[n], None) if n in row.published else NONE) for n in names)
        for row in table.rows
    )
    if names == (PUBLISHED,):
        return [Group("", "", names, rows)]
    return [Group(PUBLISHED, "", names, rows)]


def _costs(table: Table) -> Group:
    times = [row.seconds_a_step for row in table.rows if row.seconds_a_step is not None]
    places = decimals([statistics.median(times)] if times else [], digits=3)
    rows = tuple(
        (
            Entry(fixed(row.parameters / 1e6, None)),
            Entry(fixed(row.flop / 1e9, None)),
            Entry(NONE if row.seconds_a_step is None else fixed(row.seconds_a_step, places)),
            Entry(NONE if row.peak_bytes is None else f"{row.peak_bytes / 2**20:.0f}"),
        )
        for row in table.rows
    )
    return Group("", "", ("parameters (M)", "GFLOP a step", "s a step", "peak MiB"), rows)


def _seeds(row: Row, whole: int) -> str:
    """How many are done, and how others stand."""
    others = Counter(state.partition(":")[0] for state in row.states.values())
    done = f"{others.pop('done', 0)}/{whole}"
    others.pop("waiting", None)
    return ", ".join([done, *(f"{count} {state}" for state, count in others.items())])
