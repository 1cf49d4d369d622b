"""Makes the table of an ablation from its plan and what is done of it. No torch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.protocols import Runs, part_by_protocol
from gan_zoo.ablation.results import Result
from gan_zoo.ablation.states import read_faults, read_states
from gan_zoo.ablation.table import PUBLISHED, Cell, Column, Row, Table
from gan_zoo.evaluation.score_files import Score
from gan_zoo.evaluation.statistics import (
    FEWEST_SEEDS,
    Interval,
    difference_interval,
    seeds_interval,
    smallest_difference,
)

CEILING = "ceiling"  # stands beside the score of a judge: what it scores on real pictures
LOWEST_CEILING = 0.4  # of a judge, below which it can hardly judge
BIASED = "biased_below"  # stands beside a score of sets: pictures below which it is biased


def read_table(folder: AblationFolder) -> Table:
    """The table of an ablation as of now, from its folder alone.

    Raises:
        UserError: a file of it is damaged; says the cure.
    """
    return make_table(folder.plan(), folder.results(), read_states(folder), read_faults(folder))


def make_table(
    plan: Plan, results: Mapping[str, Result], states: Mapping[str, str], faults: Mapping[str, str]
) -> Table:
    """What came out so far: equal results give equal tables, but for what the runs took.

    A difference to the reference is taken of the seeds that are done in both, picture by picture
    where the score is the mean of what pictures score; of others, as of sets or pooled over pixels,
    seed by seed. Where a score has an ideal, it is the difference of the distances to it: of the
    values themselves it would tell nothing of which is better.

    Args:
        plan: What was asked for.
        results: Key -> what a finished run came to; keys that are not planned do not count.
        states: Key -> running, waiting, or `failed: CAUSE`, of runs that have no result.
        faults: Key -> the last line of a run that failed.
    """
    done = {key: results[key] for key in plan.runs if key in results}
    measured = _measured(done)
    notes = [*_notes_of_bias(done)]
    ceilings = _low_ceilings(measured)
    columns, cells = [], {}
    for name, runs in measured.items():
        believed = name.partition(".")[0] not in ceilings
        apart, left_out = part_by_protocol(name, runs, plan)
        notes += left_out
        for title, own in apart.items():
            column, cells[title] = _column(title, own, plan, believed=believed)
            columns.append(column)
    for metric, ceiling in ceilings.items():
        said = f"scores {ceiling:.2f} on real pictures, below {LOWEST_CEILING:g}"
        said = said if math.isfinite(ceiling) else "has no finite score on real pictures"
        notes.append(f"{metric}: its judge {said}. No difference of it may be believed.")
    compared = [cell for own in cells.values() for cell in own.values() if cell.difference]
    return Table(
        name=plan.name,
        about=plan.about,
        reference=plan.reference,
        seeds=plan.seeds,
        columns=tuple(columns),
        rows=tuple(_row(name, plan, done, states, faults, cells) for name in plan.variants),
        comparisons=len(compared),
        left_out=plan.left_out,
        published=plan.published.get("source", ""),
        notes=(*notes, *_notes_of_seeds(plan, compared)),
    )


def _measured(done: Mapping[str, Result]) -> dict[str, dict[str, dict[int, Score]]]:
    """Name of a score -> variant -> seed -> score, in the order in which they were asked for."""
    found: dict[str, dict[str, dict[int, Score]]] = {}
    for result in done.values():
        for name, score in result.scores.measured.items():
            found.setdefault(name, {}).setdefault(result.variant, {})[result.seed] = score
    return found


def _low_ceilings(measured: Mapping[str, Runs]) -> dict[str, float]:
    """Metrics whose judge can hardly judge real pictures -> the lowest of what it scores there. All
    numbers of such a judge are in doubt, those with a higher ceiling too. What is no finite number
    tells of no judge that it can.
    """
    lowest: dict[str, float] = {}
    for name, runs in measured.items():
        metric = name.partition(".")[0]
        for score in (score for own in runs.values() for score in own.values()):
            ceiling = score.beside.get(CEILING, LOWEST_CEILING)
            ceiling = ceiling if math.isfinite(ceiling) else -math.inf
            lowest[metric] = min(lowest.get(metric, math.inf), ceiling)
    return {metric: value for metric, value in lowest.items() if value < LOWEST_CEILING}


def _column(
    title: str, runs: Runs, plan: Plan, *, believed: bool
) -> tuple[Column, dict[str, Cell]]:
    """One score of all variants that have it by one protocol; variant -> cell."""
    reference = runs.get(plan.reference, {})
    cells = {}
    for variant, own in runs.items():
        against = {} if variant == plan.reference else reference
        cell = _cell(own, against, seeds=len(plan.seeds))
        cells[variant] = replace(cell, bold=cell.bold and believed)
    judged = [cell.difference for cell in cells.values() if (cell.pairs or 0) >= FEWEST_SEEDS]
    compared = [cell for cell in cells.values() if cell.difference]
    first = next(score for own in runs.values() for score in own.values())
    column = Column(
        name=title,
        id=first.id,
        protocol=first.protocol,
        lower_is_better=first.lower_is_better,
        ideal=first.ideal,
        beside=first.beside,
        smallest=smallest_difference(filter(None, judged)),
        over_seeds=any(cell.over_seeds for cell in compared),
    )
    return column, cells


def _cell(own: Mapping[int, Score], reference: Mapping[int, Score], *, seeds: int) -> Cell:
    """What a variant scores.

    Args:
        own: Seed -> score.
        reference: Of the reference; empty where nothing is to be compared.
        seeds: How many were asked for.
    """
    values = {seed: own[seed].value for seed in sorted(own)}
    sd = statistics.stdev(values.values()) if len(values) > 1 else None
    cell = Cell(values, statistics.fmean(values.values()), sd)
    both = [seed for seed in values if seed in reference]
    if not both:
        return cell
    pairs = [(own[seed], reference[seed]) for seed in both]
    found, each, over_seeds = _difference(pairs)
    lower = pairs[0][0].lower_is_better or pairs[0][0].ideal is not None
    return replace(
        cell,
        difference=found,
        differences=dict(zip(both, each, strict=True)),
        better=sum(one < 0 if lower else one > 0 for one in each),
        pairs=len(pairs),
        over_seeds=over_seeds,
        bold=found.is_off_zero and len(pairs) == seeds >= FEWEST_SEEDS,
    )


def _difference(pairs: Sequence[tuple[Score, Score]]) -> tuple[Interval, list[float], bool]:
    """The scores of the variant less those of the reference, a pair a seed; seed by seed; and
    whether the interval is over seeds alone.
    """
    if all(score.is_mean for pair in pairs for score in pair):
        rows = [[one.compared(one.values or ()) for one in pair] for pair in pairs]
        differences = np.array([np.subtract(ours, theirs) for ours, theirs in rows])
        differences[~np.isfinite(differences)] = np.nan
        if not np.isnan(differences).all(axis=1).any():
            each = np.nanmean(differences, axis=1)
            return difference_interval(differences), each.tolist(), False
    both = [[one.compared([one.value])[0] for one in pair] for pair in pairs]
    each = [ours - theirs for ours, theirs in both]
    return seeds_interval(each), each, True


def _row(
    name: str,
    plan: Plan,
    done: Mapping[str, Result],
    states: Mapping[str, str],
    faults: Mapping[str, str],
    cells: Mapping[str, Mapping[str, Cell]],
) -> Row:
    """A variant; `cells` are name of a score -> variant -> cell."""
    variant = plan.variants[name]
    keys = {seed: plan.key_of(name, seed) for seed in plan.seeds}
    costs = [done[key].costs for key in keys.values() if key in done]
    times = [one.seconds_a_step for one in costs if one.seconds_a_step is not None]
    published = plan.published.get("values", {}).get(name, {})
    return Row(
        variant=name,
        factors=variant.factors,
        changes=variant.changes,
        states={s: "done" if k in done else states.get(k, "waiting") for s, k in keys.items()},
        faults={s: faults[k] for s, k in keys.items() if k in faults and k not in done},
        cells={score: own[name] for score, own in cells.items() if name in own},
        parameters=variant.parameters,
        flop=variant.flop,
        seconds_a_step=statistics.median(times) if times else None,
        peak_bytes=max(filter(None, (one.held for one in costs)), default=None),
        published=published if isinstance(published, Mapping) else {PUBLISHED: published},
    )


def _notes_of_bias(done: Mapping[str, Result]) -> Iterator[str]:
    """Scores of sets that are too small."""
    told = dict.fromkeys(
        f"{name} is biased: {result.scores.pictures} pictures, of the {score.beside[BIASED]:g} "
        "that it takes."
        for result in done.values()
        for name, score in result.scores.measured.items()
        if result.scores.pictures < score.beside.get(BIASED, 0)
    )
    yield from told


def _notes_of_seeds(plan: Plan, compared: Sequence[Cell]) -> Iterator[str]:
    """What too few seeds allow."""
    pairs = {cell.pairs for cell in compared}
    if 1 in pairs:
        yield (
            "An interval of one seed is over pictures: it holds for this one training, and another "
            "one may move a score by more."
        )
    if pairs and len(plan.seeds) < FEWEST_SEEDS:
        yield f"There is no verdict: it takes {FEWEST_SEEDS} seeds or more."
