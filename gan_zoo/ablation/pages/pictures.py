"""Pictures of the same samples by all variants: a slider a factor, a list of seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from gan_zoo.ablation.pages.shots import Run, describe_steps, fit, read_shots
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.table import Table
from gan_zoo.report.boards import Board, Column, Dial
from gan_zoo.report.markup import Html, tag
from gan_zoo.report.pictures import describe_quality

STRIP = 14  # pictures of the first look, at most


def make_board(folder: Path, plan: Plan, table: Table) -> Board | None:
    """What the page shows of pictures; None where no finished run has any.

    Args:
        folder: The ablation's.
        plan: Where its runs lie.
        table: Which of them are done.
    """
    states = {row.variant: row.states for row in table.rows}
    done = {(name, seed) for name, own in states.items() for seed in own if own[seed] == "done"}
    shots = read_shots(folder, plan, done)
    if shots is None:
        return None
    shots = fit(shots)
    runs = list(shots.galleries)
    first = next((run for run in runs if run[0] != plan.reference), runs[0])
    dials, variants = _dials(plan, first[0])
    seeds = [seed for seed in plan.seeds if any(run[1] == seed for run in runs)]
    stops = [*map(str, seeds)]
    dials.append(Dial("seed", "Seed", stops, at=seeds.index(first[1]), listed=True))
    labels = _Labels(runs, states)
    chosen = labels.both([*product(variants, seeds)])
    outputs = {s: [shots.output(run, s) or None for run in runs] for s in shots.samples}
    others = [(n, labels.of(run)) for n, run in enumerate(runs)]
    columns = {0: Column("chosen", "chosen", *chosen, outputs, others=others, told=True)}
    if any(variant == plan.reference for variant, _ in runs):
        against = labels.both([(plan.reference, seed) for _, seed in product(variants, seeds)])
        columns[1] = Column("reference", "reference", *against, of=0, told=True)
    given: dict[str, dict[str, str]] = {}
    for sample in shots.samples:
        for title, uri in shots.given(sample).items():
            given.setdefault(title, {})[sample] = uri
    sizes = {sample: shots.size(sample) for sample in shots.samples}
    notes = [*shots.notes, describe_steps(shots), describe_quality()]
    return Board("board-0", "", dials, columns, given, shots.samples, sizes, notes=notes)


@dataclass(frozen=True)
class _Labels:
    """What captions call the runs."""

    runs: Sequence[Run]
    states: Mapping[str, Mapping[int, str]]

    def of(self, run: Run) -> str:
        """Variant and seed, and why there is no picture if there is none."""
        variant, seed = run
        if run in self.runs:
            return f"{variant}, seed {seed}"
        state = self.states.get(variant, {}).get(seed, "left out")
        return f"{variant}, seed {seed}: {'no pictures' if state == 'done' else state}"

    def both(self, runs: Sequence[Run]) -> tuple[list[int | None], list[str]]:
        """Which picture each has, and what it is called."""
        places = {run: n for n, run in enumerate(self.runs)}
        return [places.get(run) for run in runs], [self.of(run) for run in runs]


def first_look(board: Board | None, plan: Plan) -> Html | None:
    """The first sample as the papers show it: what was given, and every variant's output."""
    if board is None:
        return None
    sample = board.samples[0]
    shown = [(title, of[sample]) for title, of in board.given.items() if sample in of]
    column, seed = board.columns[0], board.dials[-1].stops[board.dials[-1].at]
    outputs = column.pictures[sample]
    found = dict(zip(column.labels, column.shown, strict=True))
    for variant in plan.variants:
        which = found.get(f"{variant}, seed {seed}")
        if which is not None and (uri := outputs[which]):
            shown.append((variant, uri))
    small = "small" if max(board.sizes[sample]) <= 128 else None
    pictures = [
        tag("figure", tag("img", src=uri, alt="", class_=small), tag("figcaption", title))
        for title, uri in shown[:STRIP]
    ]
    more = f"; {len(shown) - STRIP} more below" if len(shown) > STRIP else ""
    told = f"The sample {sample} by every variant, seed {seed}{more}"
    return tag("figure", tag("div", *pictures), tag("figcaption", told), class_="strip named")


def _dials(plan: Plan, first: str) -> tuple[list[Dial], list[str]]:
    """A slider a factor, or one over the variants; and the variant of every combination, by name;
    names of combinations that are left out are no variants.
    """
    variants = plan.variants
    names = list(dict.fromkeys(factor for one in variants.values() for factor in one.factors))
    if not names or any({*one.factors} != {*names} for one in variants.values()):
        stops = list(variants)
        return [Dial("variant", "Variant", stops, at=stops.index(first))], stops
    levels = {
        name: list(dict.fromkeys(one.factors[name] for one in variants.values())) for name in names
    }
    dials = [
        Dial(
            f"factor-{n}", name, levels[name], at=levels[name].index(variants[first].factors[name])
        )
        for n, name in enumerate(names)
    ]
    found = {tuple(one.factors[name] for name in names): key for key, one in variants.items()}
    return dials, [found.get(own, ".".join(own)) for own in product(*levels.values())]
