"""What must be read below a table, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from gan_zoo.ablation.table import Column, Table
from gan_zoo.ablation.tables.numbers import decimals, fixed
from gan_zoo.errors import printable
from gan_zoo.evaluation.statistics import FEWEST_SEEDS
from gan_zoo.report.scores import describe_protocol
from gan_zoo.report.wording import ended

PAIRED = (
    "The variants of a seed share the first weights of networks that no change touches, the order "
    "of samples and their crops: differences are paired by construction."
)


def footers(table: Table, *, mark: str = "Bold") -> list[str]:
    """The sentences below a table.

    Args:
        table: What came out.
        mark: How a difference is marked that may be believed.
    """
    return [*_differences(table, mark), *table.notes, *_missing(table), *_sources(table)]


def _differences(table: Table, mark: str) -> Iterator[str]:
    if not table.comparisons:
        yield f"There is no difference to {table.reference}, the reference, yet."
        return
    seeds = {c.pairs or 0 for row in table.rows for c in row.cells.values()}
    told = f"Differences are to {table.reference}, on the same seeds and pictures"
    if max(seeds, default=0) > 1:
        told += (
            ", with an interval of 95 %: on each side the wider of a bootstrap over seeds and "
            "pictures and Student's over seeds. Scores that pictures lack or do not add up to have "
            "the latter alone"
        )
    yield f"{told}."
    if any(column.ideal is not None for column in table.columns):
        yield "A score with an ideal (→) is compared by its distance to it: less is better."
    yield PAIRED
    if len(table.seeds) >= FEWEST_SEEDS:
        yield (
            f"{mark}: the difference has an interval off zero, with all {len(table.seeds)} seeds "
            f"done in both. "
            f"{table.comparisons} differences were taken; one in twenty is off zero by chance."
        )
    smallest = [
        f"{column.name} {fixed(column.smallest, decimals([column.smallest]))}"
        for column in table.columns
        if column.smallest is not None
    ]
    if smallest:
        yield (
            "The smallest differences that these seeds could have shown (the median half width of "
            f"the intervals): {', '.join(smallest)}."
        )


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
    """Where a paper's numbers come from, and the protocol of each score."""
    if table.published:
        yield ended(f"Published: {table.published}, never averaged with ours")
    for (metric, told), columns in groupby(table.columns, _source):
        ids = [(column.name, _identify(column)) for column in columns]
        if len(ids) == 1:
            yield ended(f"{', '.join(ids[0])}: {told}")
        else:
            fields = "; ".join(f"{name.partition('.')[2]} {one}" for name, one in ids)
            yield ended(f"{metric} ({fields}): {told}")


def _source(column: Column) -> tuple[str, str]:
    """The metric of a score, and how it was measured: equal for fields of one protocol."""
    return column.name.partition(".")[0], describe_protocol(column.protocol)


def _identify(column: Column) -> str:
    beside = "".join(f", {name} {value:.4g}" for name, value in column.beside.items())
    return f"id {column.id}{beside}"
