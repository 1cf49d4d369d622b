"""What stands where in the table: three blocks, which every format prints in its own way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from gan_zoo.ablation.table import PUBLISHED, Cell, Column, Row, Table
from gan_zoo.ablation.tables.numbers import DIGITS, as_written, decimals, fixed, off_zero

NONE = "-"  # there is no such number


@dataclass(frozen=True)
class Entry:
    """A cell as it is printed.

    Args:
        text: Without any markup.
        bold: Whether it may be believed.
        aside: What stands behind it, never bold.
    """

    text: str
    bold: bool = False
    aside: str = ""


@dataclass(frozen=True)
class Head:
    """What stands above a column.

    Args:
        text: Right above it.
        over: Above that, over all its neighbors of the same; empty where the text is enough.
    """

    text: str
    over: str = ""

    @property
    def whole(self) -> str:
        """Both on one line."""
        return f"{self.over} {self.text}".strip()


@dataclass(frozen=True)
class Block:
    """A table of its own.

    Args:
        title: What it shows.
        heads: Of its columns; the first one is of the variants' names.
        rows: A row for each variant, an entry for each head.
    """

    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Entry, ...], ...]


Columns = Iterator[tuple[Head, Mapping[str, Entry]]]  # head, variant -> entry


def lay_out(table: Table) -> tuple[Block, ...]:
    """The scores, their differences to the reference, and what the variants take; a block that
    would have nothing but names is none.
    """
    others = [row.variant for row in table.rows if row.variant != table.reference]
    told = f"Differences to {table.reference} [95 %], and the seeds in which a variant is better"
    found = [
        _block(_title(table), [row.variant for row in table.rows], _scores(table)),
        _block(told, others if table.comparisons else [], _differences(table)),
        _block("What they take", [row.variant for row in table.rows], _costs(table)),
    ]
    return tuple(block for block in found if block.rows and len(block.heads) > 1)


def spans(heads: tuple[Head, ...]) -> list[tuple[str, int]]:
    """What stands over neighboring columns, and over how many; empty where nothing does."""
    found = [(over, len([*group])) for over, group in groupby(heads, lambda head: head.over)]
    return found if any(over for over, _ in found) else []


def differences(table: Table) -> dict[str, dict[str, Entry]]:
    """Name of a score -> variant but for the reference -> its difference to that."""
    found = {}
    for column in table.columns:
        cells = _cells(column, table)
        within = [cell.difference for cell in cells.values() if cell.difference]
        places = decimals(one.half_width for one in within if not one.is_point)
        places = _places(cells) if places is None else places
        found[column.name] = {
            row.variant: _difference(cells.get(row.variant), places)
            for row in table.rows
            if row.variant != table.reference
        }
    return found


def _block(title: str, variants: list[str], columns: Columns) -> Block:
    found = [*columns]
    heads = (Head("variant"), *(head for head, _ in found))
    rows = ((Entry(name), *(entries[name] for _, entries in found)) for name in variants)
    return Block(title, heads, tuple(rows))


def _title(table: Table) -> str:
    """Of the scores."""
    most = max((len(cell.values) for row in table.rows for cell in row.cells.values()), default=0)
    told = {0: "Scores", 1: "Scores of this one training"}
    return told.get(most, "Scores, mean ± sd over seeds")


def _scores(table: Table) -> Columns:
    """Ours, a paper's, and how many seeds they are of where some are missing."""
    for column in table.columns:
        cells = _cells(column, table)
        places = _places(cells)
        entries = {row.variant: _score(cells.get(row.variant), places) for row in table.rows}
        yield _head(column), entries
    yield from _published(table)
    if any(state != "done" for row in table.rows for state in row.states.values()):
        seeds = len(table.seeds)
        yield Head("seeds done"), {row.variant: Entry(_seeds(row, seeds)) for row in table.rows}


def _differences(table: Table) -> Columns:
    told = differences(table)
    for column in table.columns:
        if not any(cell.difference for cell in _cells(column, table).values()):
            continue  # measured in another way than the reference: nothing to show
        head = _head(column)
        if column.ideal is not None:
            head = Head(f"distance to {column.ideal:g} ↓", column.name)
        yield head, told[column.name]


def _head(column: Column) -> Head:
    """The name of a score, and which values are better, as an arrow."""
    order = "↓" if column.lower_is_better else "↑"
    order = order if column.ideal is None else f"→ {column.ideal:g}"
    metric, _, part = column.name.partition(".")
    return Head(f"{part} {order}", metric) if part else Head(f"{metric} {order}")


def _cells(column: Column, table: Table) -> dict[str, Cell]:
    """Variant -> what it scores, of those that have a score."""
    return {row.variant: row.cells[column.name] for row in table.rows if column.name in row.cells}


def _places(cells: Mapping[str, Cell]) -> int | None:
    """Decimals of scores: what their spread allows, or a few digits where there is none."""
    places = decimals(cell.sd for cell in cells.values())
    means = (abs(cell.mean) for cell in cells.values())
    return decimals(means, digits=DIGITS) if places is None else places


def _score(cell: Cell | None, places: int | None) -> Entry:
    if cell is None:
        return Entry(NONE)
    spread = "" if cell.sd is None else f" ± {fixed(cell.sd, places)}"
    return Entry(f"{fixed(cell.mean, places)}{spread}", cell.bold)


def _difference(cell: Cell | None, places: int | None) -> Entry:
    if cell is None or cell.difference is None:
        return Entry(NONE)
    found = cell.difference
    tell = off_zero if found.is_off_zero else fixed  # what is off zero never reads as if it held it
    told = tell(found.mean, places, sign=True)
    if math.isfinite(found.half_width):
        told += f" [{tell(found.low, places)}, {tell(found.high, places)}]"
    ties = f", {cell.equal} equal" if cell.equal else ""
    return Entry(told, cell.bold, f"{cell.better}/{cell.pairs}{ties}")


def _published(table: Table) -> Columns:
    """A paper's numbers, in columns of their own."""
    for name in dict.fromkeys(name for row in table.rows for name in row.published):
        values = {row.variant: row.published.get(name) for row in table.rows}
        head = Head(name) if name == PUBLISHED else Head(name, PUBLISHED)
        yield head, _numbers(values, as_written(values.values()))


def _costs(table: Table) -> Columns:
    sizes = {
        "parameters (M)": {row.variant: row.parameters / 1e6 for row in table.rows},
        "GFLOP a step": {row.variant: row.flop / 1e9 for row in table.rows},
    }
    for name, values in sizes.items():
        yield Head(name), _numbers(values, decimals(values.values(), digits=DIGITS))
    times = {row.variant: row.seconds_a_step for row in table.rows}
    yield Head("s a step"), _numbers(times, decimals(times.values(), digits=3))
    held = {row.variant: row.peak_bytes and row.peak_bytes / 2**20 for row in table.rows}
    yield Head("peak MiB"), _numbers(held, 0)


def _numbers(values: Mapping[str, float | None], places: int | None) -> dict[str, Entry]:
    return {
        name: Entry(NONE if value is None else fixed(value, places))
        for name, value in values.items()
    }


def _seeds(row: Row, whole: int) -> str:
    """How many are done, and how others stand."""
    others = Counter(state.partition(":")[0] for state in row.states.values())
    done = f"{others.pop('done', 0)}/{whole}"
    others.pop("waiting", None)
    return ", ".join([done, *(f"{count} {state}" for state, count in others.items())])
