"""The size rule of a draft: a crop of the data, or the sizes of phases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gan_zoo.data_tools.drafting.draft import Draft
from gan_zoo.data_tools.drafting.size_rules import Sides, has_aspect, plan_crop, plan_size
from gan_zoo.errors import format_size
from gan_zoo.recipe.model import Phase

CROP = "data.crop"  # what a phase sets where it trains on parts


def with_sizes(made: Draft, sizes: Sequence[Sides]) -> Draft | None:
    """Say at which size to train, as the recipe does: for the data, or phase by phase.

    Args:
        made: The draft, its data in place; whatever it changes of the generator is how often that
            halves pictures.
        sizes: All sizes (height, width) of the pictures.

    Returns:
        None where the generator halves these pictures too often.

    Raises:
        RecipeError: the recipe does not take the size.
    """
    if any(map(_size_of, made.recipe.phases.values())):
        done = _with_phase_sizes(made, sizes)
    elif {"load", "crop"} <= set(type(made.recipe.data).model_fields):
        done = _with_crop(made, sizes)
    else:
        return made
    halvings = [path for path in made.changes if path.startswith("generator.")]
    return done and done.explain(dict.fromkeys(halvings, "so often these sides can be halved"))


def _with_crop(made: Draft, sizes: Sequence[Sides]) -> Draft | None:
    rule = plan_crop(sizes, made.recipe.generator.multiple())
    if rule is None:
        return None
    if rule.load:
        made = made.change({"data.load": list(rule.load)}, rule.why_load)
    return made.change({CROP: list(rule.size)}, rule.why)


def _with_phase_sizes(made: Draft, sizes: Sequence[Sides]) -> Draft | None:
    """The size of every phase, and what follows from it."""
    recipe = made.recipe
    multiple = recipe.generator.multiple()
    shares = {name: _share(made, phase) for name, phase in recipe.phases.items()}
    said = {name: size for name, phase in recipe.phases.items() if (size := _size_of(phase))}
    most = max(math.prod(size) / shares[name] ** 2 for name, size in said.items())
    rule = plan_size(sizes, multiple, round(most))
    if rule is None:
        return None
    room = tuple(min(column) // multiple * multiple for column in zip(*sizes, strict=True))
    for name, was in said.items():
        phase, share = recipe.phases[name], shares[name]
        if phase.size:
            now = [round(side * share) for side in rule.size]
            changes: dict[str, Any] = {f"phases.{name}.size": now}
            why = rule.why if share == 1 else f"{format_size(rule.size)}, made smaller"
        else:
            now = [max(multiple, min(sides)) for sides in zip(was, room, strict=True)]
            changes = {f"phases.{name}.set.{CROP}": now}
            why = "random parts at full scale, for which all have room"
        for key, value in phase.set.items():
            if key.endswith(".frozen_at") and value:  # of the size that this phase had
                follows = [n * a // b for n, a, b in zip(now, value, was, strict=True)]
                changes[f"phases.{name}.set.{key}"] = follows
        made = made.change(changes, why)
    if not has_aspect(sizes, rule.size) and "aspect" in type(recipe.data).model_fields:
        made = made.change({"data.aspect": "crop"}, "cuts off what the sizes of phases leave over")
    return made


def _size_of(phase: Phase) -> tuple[int, ...]:
    """The size that a phase says; empty where it leaves it to the data."""
    return tuple(phase.size or phase.set.get(CROP) or ())


def _share(made: Draft, phase: Phase) -> float:
    """How long the sides of a phase are, of those of the whole: as the recipe has it, or where
    others train on parts of what only files know, as the part that plays is halved less often."""
    phases = made.recipe.phases.values()
    if phase.size and not any(CROP in one.set for one in phases):
        return phase.size[0] / max(one.size[0] for one in phases if one.size)
    part = made.recipe.generator.plays().get(phase.play.partition(".")[2])
    return part.multiple() / made.recipe.generator.multiple() if part else 1.0
