"""The table of an ablation: what came out, with as much certainty as its seeds allow. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_zoo.evaluation.statistics import Interval

PUBLISHED = "published"  # a paper's column, where the file gives one number a variant


@dataclass(frozen=True)
class Column:
    """A score that all variants have under one protocol.

    Args:
        name: METRIC or METRIC.FIELD.
        id: Of its protocol.
        protocol: How and on what it was measured.
        lower_is_better: Of the number, or where there is an ideal of its distance to that.
        ideal: The best value, where neither lower nor higher is better.
        beside: Numbers that stand beside it, as a ceiling.
        smallest: About the smallest difference that these seeds can show: the median half width
            of the variants' intervals; None below 3 seeds.
        over_seeds: Whether any of its differences is over seeds alone, as pictures lack the score
            or do not add up to it: their intervals hold for these pictures.
    """

    name: str
    id: str
    protocol: Mapping[str, Any]
    lower_is_better: bool
    ideal: float | None = None
    beside: Mapping[str, float] = field(default_factory=dict)
    smallest: float | None = None
    over_seeds: bool = False


@dataclass(frozen=True)
class Cell:
    """What a variant scores.

    Args:
        values: Seed -> score, of the runs that are done.
        mean: Over seeds.
        sd: Over seeds, with n - 1; None of one seed.
        difference: This variant less the reference, on the same seeds and pictures; of the distance
            to the ideal where there is one. None of the reference itself, and where no seed is done
            in both. Its ends are infinite where nothing bounds it: one seed of a score that
            pictures lack.
        differences: Seed -> the difference of this seed alone, of seeds that are done in both.
        better: Seeds in which it is better than the reference; None likewise.
        pairs: Seeds that are done in both; None likewise.
        over_seeds: Whether the difference's interval is over seeds alone.
        bold: Whether the difference may be believed: 3 seeds or more, all done, an interval off
            zero, a judge that can judge.
    """

    values: Mapping[int, float]
    mean: float
    sd: float | None
    difference: Interval | None = None
    differences: Mapping[int, float] = field(default_factory=dict)
    better: int | None = None
    pairs: int | None = None
    over_seeds: bool = False
    bold: bool = False

    @property
    def equal(self) -> int:
        """Seeds in which it is neither better nor worse than the reference."""
        return sum(not value for value in self.differences.values())


@dataclass(frozen=True)
class Row:
    """A variant.

    Args:
        variant: Its name.
        factors: Factor of the grid -> its level; empty without a grid.
        changes: To the base, a line each.
        states: Seed -> done, running, waiting, or `failed: CAUSE`.
        faults: Seed -> the last line of a run that failed.
        cells: Column's name -> what it scores; none where no seed is done.
        parameters: Of all networks.
        flop: Floating-point operations a step.
        seconds_a_step: The median over its seeds; None where nothing is done.
        peak_bytes: The most that any of its seeds held: on the device, or of the process on a CPU.
        published: Name of a paper's column -> its number, if the file has any.
    """

    variant: str
    factors: Mapping[str, str]
    changes: tuple[str, ...]
    states: Mapping[int, str]
    faults: Mapping[int, str]
    cells: Mapping[str, Cell]
    parameters: int
    flop: int
    seconds_a_step: float | None = None
    peak_bytes: int | None = None
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """What an ablation came to.

    Args:
        name: Of the ablation.
        about: What it asks.
        reference: The variant that the others are set against.
        seeds: All that were asked for.
        columns: The scores, in the order of the file.
        rows: The variants, in the order of the file.
        comparisons: How many differences to the reference were taken.
        left_out: Variant -> why it could not be had.
        published: Where the paper's numbers come from; empty if the file has none.
        notes: What a reader must know, a sentence each.
    """

    name: str
    about: str
    reference: str
    seeds: tuple[int, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    comparisons: int
    left_out: Mapping[str, str] = field(default_factory=dict)
    published: str = ""
    notes: tuple[str, ...] = ()
