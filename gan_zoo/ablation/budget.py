"""A recipe within a budget: its phases keep their shares of the whole, and the learning rate still
falls to the end of each. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gan_zoo.errors import UserError
from gan_zoo.recipe.model import Phase, Schedule
from gan_zoo.recipe.problems import Place
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.text import write_inline
from gan_zoo.recipe.tree import Node

Length = tuple[str, int]  # `steps` or `epochs`, and how many


@dataclass(frozen=True)
class Course:
    """The phases of a recipe, with how many steps a pass over the data takes in each.

    Args:
        phases: By name, in their order.
        steps_a_pass: Phase -> steps; asked only where steps and epochs meet.
    """

    phases: Mapping[str, Phase]
    steps_a_pass: Callable[[str], int]

    def measure(self, name: str, unit: str) -> float:
        """Length of a phase in steps or epochs."""
        phase = self.phases[name]
        own = getattr(phase, unit)
        if own is not None:
            return float(own)
        if unit == "steps":
            return float((phase.epochs or 0) * self.steps_a_pass(name))
        return (phase.steps or 0) / self.steps_a_pass(name)

    def passes(self, name: str, length: Length) -> int:
        """Passes over the data that a phase of this length begins."""
        unit, count = length
        return count if unit == "epochs" else -(-count // self.steps_a_pass(name))


def fit_source(
    source: Source, course: Course, unit: str, total: int, place: Place | None
) -> Source:
    """A recipe within a budget; as it is where it has its length already. A note says what became
    of each phase.

    Args:
        source: The recipe.
        course: Its phases.
        unit: steps or epochs.
        total: How many of them all phases take together.
        place: Of the budget, where the new lengths so come from.

    Raises:
        UserError: there are more phases than that.
    """
    fitted = fit_phases(course, unit, total)
    if fitted == course.phases:
        return source
    was = sum(course.measure(name, unit) for name in course.phases)
    phases = source.root.child("phases") or Node({}, place)
    made: dict[str, Node] = {}
    told = []
    for name, phase in fitted.items():
        node = phases.child(name) or Node({}, place)
        words: dict[str, Any] = {unit: getattr(phase, unit)}
        if phase.schedule != course.phases[name].schedule:
            words["schedule"] = phase.schedule.model_dump() if phase.schedule else None
        kept = {key: one for key, one in node.value.items() if key not in ("steps", "epochs")}
        laid = {key: Node.of(value, place) for key, value in words.items()}
        made[name] = replace(node, value={**kept, **laid})
        told.append(f"{name} {write_inline(words)}")
    note = f"budget: {total} {unit} in place of {was:g}: {', '.join(told)}"
    root = replace(source.root, value={**source.root.value, "phases": replace(phases, value=made)})
    return replace(source, root=root, notes=(*source.notes, note))


def fit_phases(course: Course, unit: str, total: int) -> dict[str, Phase]:
    """The phases within a budget, in proportion; as they are where they have its length already.

    Args:
        course: The recipe's.
        unit: steps or epochs.
        total: How many of them all phases take together.

    Raises:
        UserError: there are more phases than that.
    """
    lengths = {name: course.measure(name, unit) for name in course.phases}
    if math.isclose(sum(lengths.values()), total, rel_tol=1e-9):
        return dict(course.phases)
    if total < len(lengths):
        told = f"{total} {unit} are too few for {len(lengths)} phases, each of which takes one"
        cure = "; write steps: N" if unit == "epochs" else ""
        raise UserError(f"{told} ({', '.join(lengths)}){cure}")
    made = {}
    for name, count in apportion(lengths, total).items():
        phase = course.phases[name]
        was: Length = ("epochs", phase.epochs) if phase.epochs else ("steps", phase.steps or 0)
        length = {"steps": None, "epochs": None, unit: count}
        schedule = phase.schedule
        if schedule is not None and was != (unit, count):
            ends = course.passes(name, was), course.passes(name, (unit, count))
            schedule = stretch(schedule, *ends)
        made[name] = phase.model_copy(update={**length, "schedule": schedule})
    return made


def apportion(lengths: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers in proportion to lengths, each at least 1, that sum to the total: what is left
    over by rounding down goes to the largest remainders.
    """
    spare = total - len(lengths)
    share = {
        name: max(0.0, total * own / sum(lengths.values()) - 1) for name, own in lengths.items()
    }
    scale = spare / sum(share.values()) if spare else 0.0
    exact = {name: own * scale for name, own in share.items()}
    whole = {name: math.floor(own + 1e-9) for name, own in exact.items()}
    left = spare - sum(whole.values())
    for name in sorted(exact, key=lambda name: whole[name] - exact[name])[:left]:
        whole[name] += 1
    return {name: 1 + own for name, own in whole.items()}


def stretch(schedule: Schedule, was: int, now: int) -> Schedule:
    """A schedule for another number of passes: each of the new ones has the rate of the middle of
    the old ones that it stands for. A single pass so learns at the rate of the middle, and not at
    that of the end, which may be zero.
    """
    if was == now:
        return schedule
    ratio = was / now
    middle = now * ratio - ratio / 2 + 0.5  # of what the last pass stands for, in old passes
    hold = max(0.0, 0.5 + (schedule.hold - 0.5) / ratio)
    fallen = max(0.0, middle - schedule.hold) / schedule.fall  # how far, at the last pass
    fall = (now - hold) / fallen if fallen > 0 and now > hold else schedule.fall / ratio
    return Schedule(hold=_short(hold), fall=_short(fall))


def _short(number: float) -> int | float:
    """A number of passes as people write it."""
    rounded = round(number, 3)
    return int(rounded) if rounded.is_integer() else rounded
