"""The contracts of what is scored: a target to compare with, and the maps that metrics ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gan_zoo.checks.hints import broken_contract, hint_at
from gan_zoo.components.shapes import Image
from gan_zoo.components.watching import MetricSpec
from gan_zoo.errors import ContractError
from gan_zoo.recipe.problems import Problem
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe


def judge_scores(wired: WiredRecipe) -> Iterator[Problem]:
    """What is wrong with a recipe's validation, at the size of every phase."""
    recipe = wired.recipe
    if recipe.validation is None:
        return
    if not recipe.data.paired:
        yield _unpaired(recipe)
        return
    for phase in map(wired.phase, recipe.phases):
        try:
            maps = phase.recipe.data.maps(phase.phase.size)
        except ContractError:
            continue  # the phase says so
        for name, spec in recipe.validation.metrics.items():
            try:
                refuse_unscorable(spec, maps)
            except ContractError as problem:
                yield broken_contract(("validation", "metrics", name), problem)


def refuse_unscorable(spec: MetricSpec, maps: Mapping[str, Image]) -> None:
    """Refuse a metric that needs what the data does not have.

    Args:
        spec: The metric.
        maps: Those of a sample.

    Raises:
        ContractError: says the cure.
    """
    for wanted in spec.asks():
        if wanted not in maps:
            option = next((key for key, value in spec if value == wanted), "")
            told = f"the data has no map '{wanted}'; {hint_at(wanted, maps)}"
            raise ContractError(f"{told}; or leave this metric out", option=option)
    spec.check(maps)


def _unpaired(recipe: Recipe) -> Problem:
    told = f"{recipe.data.name} pairs no picture with the target that its translation should be"
    cure = "leave validation out (null removes what is inherited), and look at previews"
    return Problem(("validation",), f"{told}, so there is nothing to score; {cure}")
