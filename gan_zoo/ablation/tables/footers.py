"""What must be read below a table, a sentence or two each; and how its numbers were made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from gan_zoo.ablation.table import Column, Table
from gan_zoo.ablation.tables.numbers import decimals, fixed
from gan_zoo.errors import printable
from gan_zoo.evaluation.statistics import FEWEST_SEEDS
from gan_zoo.report.scores import describe_data, describe_protocol
from gan_zoo.report.wording import ended, listing

INTERVALS = (
    "Intervals are on each side the wider of two: the percentile bootstrap of crossed seeds and "
    "pictures, and Student's over seeds. Scores that pictures lack or do not add up to have the "
    "latter alone, differences of one seed the former, over pictures. What is missed half the time "
    "is the median half width of a score's intervals."
)
PAIRED = (
    "The variants of a seed share the first weights of networks that no change touches, the order "
    "of samples and their crops: differences are paired by construction."
)
COSTS = "Seconds depend on the machine and its load; memory is of the process, on a GPU of torch."
FULL = "Protocols in full: table.json."
BOLD = "Bold"


def footers(table: Table, *, mark: str = BOLD) -> list[str]:
    """The sentences below a table.

    Args:
        table: What came out.
        mark: How a difference is marked that may be believed.
    """
    return [*_differences(table, mark), *table.notes, *_missing(table), *_sources(table)]


def methods(table: Table) -> list[str]:
    """How the numbers were made: the intervals, the pairs, every protocol in full."""
    told = [INTERVALS, PAIRED] if table.comparisons else []
    for said, columns in groupby(table.columns, lambda column: describe_protocol(column.protocol)):
        told.append(ended(f"{_listed([*columns], _identify)}: {said}"))
    return told


def describe_chance(table: Table) -> str:
    """How many differences were taken, and what chance makes of so many."""
    count = table.comparisons
    if not count:
        return ""
    told = f"{count} difference{'' if count == 1 else 's'}"
    if _most_pairs(table) == 1:
        return f"{told} {'was' if count == 1 else 'were'} taken."
    return f"Of {told}, any that is not real is off zero 1 time in 20."


def _differences(table: Table, mark: str) -> Iterator[str]:
    if not table.comparisons:
        yield f"There is no difference to {table.reference}, the reference, yet."
        return
    yield _intervals(table)
    if ideal := [column for column in table.columns if column.ideal is not None]:
        names = _listed(ideal)
        yield f"{names}: each picture's distance to the ideal (→) is compared; a mean may hide it."
    if alone := [c for c in table.columns if not _differ(c, table)]:
        yield f"{_listed(alone)}: {table.reference} has no such score, so there is no difference."
    if any(
        len(c.values) > (c.pairs or len(c.values)) for r in table.rows for c in r.cells.values()
    ):
        yield "Some means are of more seeds than the differences, which are of those done in both."
    if len(table.seeds) >= FEWEST_SEEDS:
        told = f"off zero with all {len(table.seeds)} seeds"
        if any(cell.bold for row in table.rows for cell in row.cells.values()):
            told = f"{mark}: {told}"
        else:
            told = f"Nothing is {'bold' if mark == BOLD else f'marked {mark}'} ({told})"
        yield f"{told}. {describe_chance(table)}"
    if known := [column for column in table.columns if column.smallest is not None]:
        sizes = _listed(known, _tell_smallest)
        yield f"With these seeds, a difference of about this size is missed half the time: {sizes}."


def _intervals(table: Table) -> str:
    """What is subtracted from what, and what the intervals hold for."""
    theirs = f"{table.reference}'s on the same seeds and pictures"
    told = f"Differences are a variant's scores less {theirs}"
    if _most_pairs(table) == 1:
        return f"{told}."
    told += ". Intervals hold"
    compared = [column for column in table.columns if _differ(column, table)]
    over = [column for column in compared if column.over_seeds]
    if len(over) == len(compared):
        return f"{told} for other seeds, on these pictures."
    alone = f"; of {_listed(over)} for other seeds on these pictures" if over else ""
    return f"{told} for other ones{alone}."


def _tell_smallest(column: Column) -> str:
    assert column.smallest is not None
    return fixed(column.smallest, decimals([column.smallest]))


def _differ(column: Column, table: Table) -> bool:
    """Whether it has any difference to the reference."""
    cells = [row.cells.get(column.name) for row in table.rows]
    return any(cell is not None and cell.difference is not None for cell in cells)


def _most_pairs(table: Table) -> int:
    return max((c.pairs or 0 for row in table.rows for c in row.cells.values()), default=0)


def _missing(table: Table) -> Iterator[str]:
    """Which runs failed, and which variants cannot be had."""
    for row in table.rows:
        for seed, state in row.states.items():
            word, _, cause = state.partition(": ")
            if word == "failed":
                last = f": {printable(row.faults[seed])}" if row.faults.get(seed) else ""
                yield ended(f"{row.variant}, seed {seed}, failed ({cause}){last}")
    for variant, reason in table.left_out.items():
        yield ended(f"{variant} is left out: {reason}")


def _sources(table: Table) -> Iterator[str]:
    """What the runs took, where a paper's numbers come from, on what was scored by which
    protocols.
    """
    if any(row.seconds_a_step is not None or row.peak_bytes for row in table.rows):
        yield COSTS
    if table.published:
        yield ended(f"Published: {table.published}, never averaged with ours")
    groups: dict[str, list[Column]] = {}
    for column in table.columns:
        groups.setdefault(describe_data(column.protocol), []).append(column)
    for number, (where, columns) in enumerate(groups.items(), start=1):
        told = f"Scored on {where}: {_listed(columns, _identify)}."
        yield f"{told} {FULL}" if number == len(groups) else told


def _identify(column: Column) -> str:
    beside = "".join(f", {name} {_tell_beside(value)}" for name, value in column.beside.items())
    return f"id {column.id}{beside}"


def _tell_beside(value: float) -> str:
    return fixed(value, None) if math.isfinite(value) else "unknown"


def _listed(columns: Sequence[Column], tell: Callable[[Column], str] = lambda _: "") -> str:
    """Scores in a sentence, each with what is told of it; fields stand behind their metric."""
    found = []
    for metric, group in groupby(columns, lambda column: column.name.partition(".")[0]):
        own = [*group]
        if len(own) == 1:
            found.append(f"{own[0].name} {tell(own[0])}".strip())
        else:
            told = (f"{c.name.partition('.')[2]} {tell(c)}".strip() for c in own)
            found.append(f"{metric} ({'; '.join(told)})")
    return listing(found)
