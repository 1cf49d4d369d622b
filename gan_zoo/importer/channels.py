"""How many channels and classes the data has, so that networks take and make what they must."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any

from gan_zoo.errors import ContractError
from gan_zoo.recipe.recipe import Recipe

Joins = Mapping[str, tuple[int, int]]  # network -> channels that it takes and makes
MOST = 6  # differences that are tried; more is more than channels
COLORS = 4  # channels of the pictures that published programs read; more are said by hand


def find_counts(recipe: Recipe, needed: Joins, told: Collection[str] = ()) -> dict[str, int] | None:
    """The options of the data with which networks join what they must, fewest changes first.

    Args:
        recipe: What holds them.
        needed: What each network takes and makes.
        told: Options that stay as they are.

    Returns:
        Option of the data -> its number, nothing where all fit already; None where none do.
    """
    now = _joins(recipe)
    if now is None:
        return None
    steps = {0}
    for name, both in needed.items():
        steps |= {must - has for must, has in zip(both, now[name], strict=True)}
    maps = recipe.data.maps()
    options = {option: maps[name] for name, option in recipe.data.counting_options().items()}
    free = {option: image for option, image in options.items() if option not in told}
    if len(steps) > MOST:
        return None
    several = itertools.product(sorted(steps, key=abs), repeat=len(free))
    for moves in sorted(several, key=lambda moves: sum(map(bool, moves))):
        numbers = {
            option: (image.classes or image.channels) + move
            for (option, image), move in zip(free.items(), moves, strict=True)
            if move
        }
        if any(number > COLORS and not free[option].ids for option, number in numbers.items()):
            continue  # the channels are those of a label map
        other = with_counts(recipe, numbers)
        joins = _joins(other) if other else None
        if joins and all(joins[name] == both for name, both in needed.items()):
            return numbers
    return None


def with_counts(recipe: Recipe, numbers: Mapping[str, int]) -> Recipe | None:
    """The recipe with other options of its data; None where the data refuses them."""
    if not numbers:
        return recipe
    tree = recipe.data.model_dump(mode="json")
    for option, number in numbers.items():
        set_value(tree, option, number)
    tree.pop("use", None)
    try:
        data = type(recipe.data).model_validate(tree)
    except ValueError:
        return None
    return recipe.model_copy(update={"data": data})


def set_value(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path."""
    *above, last = path.split(".")
    for step in above:
        tree = tree.setdefault(step, {})
    tree[last] = value


def value_at(tree: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    for step in path.split("."):
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def _joins(recipe: Recipe) -> Joins | None:
    try:
        networks = recipe.method.wire(recipe.parts()).networks
    except ContractError:
        return None
    return {net.name: (net.given.channels, net.wanted.channels) for net in networks}
