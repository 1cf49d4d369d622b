"""Which shipped recipe goes with data that have none, and what it shows of their maps.

No component is named here: recipes that extend none are the published settings on which others
build, and their conditions show how maps of each kind are seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.shapes import Image
from gan_zoo.errors import ContractError, UserError
from gan_zoo.recipe.recipe import Recipe, read_source
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.validation import parse
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo


@dataclass(frozen=True)
class Base:
    """A recipe that another one extends.

    Args:
        name: As `extends` says it.
        source: As it is written.
        zoo: The components that it may name.
    """

    name: str
    source: Source
    zoo: Zoo

    @cached_property
    def recipe(self) -> Recipe:
        """Its values.

        Raises:
            RecipeError: every mistake in it.
        """
        return parse(Recipe, self.source, self.zoo)

    @classmethod
    def read(cls, name: str, zoo: Zoo) -> Base:
        """A recipe by path or name.

        Raises:
            RecipeError: no such file, broken YAML.
        """
        return cls(name, read_source(name, zoo=zoo), zoo)


def choose_base(data: DataSpec, zoo: Zoo) -> Base:
    """The published recipe whose networks are shown most of what the data has.

    Raises:
        UserError: none learns from such data.
    """
    maps = data.maps()

    def fit(base: Base) -> int:
        shown = [set(one.needs()) <= set(maps) for one in base.recipe.conditions.values()]
        return 2 * sum(shown) - len(shown)

    found = [base for base in published(data, zoo) if base.recipe.data.paired == data.paired]
    if not found:
        told = "pairs" if data.paired else "pictures that are no pairs"
        raise UserError(
            f"no shipped recipe learns from {told} as {zoo.name_of(type(data))} has them; "
            "name one: --like RECIPE (gan-zoo list recipes)"
        )
    return max(found, key=fit)  # of equals the first in alphabetical order


def published(data: DataSpec, zoo: Zoo) -> list[Base]:
    """The shipped recipes that extend none: the built-in ones, then those of the data's plugin."""
    owner = zoo.owner(type(data))
    return [base for base, plugin in _roots(zoo) if plugin.builtin or plugin == owner]


@cache
def _roots(zoo: Zoo) -> list[tuple[Base, Plugin]]:
    """The recipes that extend none, each with who ships it; read once, as they do not change."""
    shipped = [(base, zoo.recipes()[base.name][0][1]) for base in _shipped(zoo)]
    return [(base, plugin) for base, plugin in shipped if len(base.source.spoken) == 1]


@cache
def _shipped(zoo: Zoo) -> list[Base]:
    """Every recipe that holds; a guest's that does not is told where it is used."""
    found = []
    for name, claims in zoo.recipes().items():
        with suppress(UserError):
            base = Base.read(name, zoo)
            if base.recipe and len(claims) == 1:
                found.append(base)
    return found


def recipes_like(base: Base, data: DataSpec) -> list[str]:
    """The shipped recipes that go back to the same one and are shown nothing but what data have."""
    there, root = set(data.maps()), base.source.spoken[-1]
    return [
        other.name
        for other in _shipped(base.zoo)
        if other.name != base.name
        and other.source.spoken[-1] == root
        and {need for one in other.recipe.conditions.values() for need in one.needs()} <= there
    ]


def choose_conditions(base: Base, data: DataSpec, target: str) -> dict[str, dict[str, Any] | None]:
    """What has to change so that the networks are shown every map but the target.

    Returns:
        Name -> the condition, None where one asks for a map that the data has not.
    """
    maps = data.maps()
    own = base.recipe.conditions
    changes: dict[str, dict[str, Any] | None] = {
        name: None for name, one in own.items() if not set(one.needs()) <= set(maps)
    }
    seen = {name for key, one in own.items() if key not in changes for name in one.needs()}
    unseen = {name: image for name, image in maps.items() if name not in (target, *seen)}
    shipped = [base, *published(data, base.zoo)] if unseen else []
    for name, image in unseen.items():
        if borrowed := _borrowed(shipped, name, image):
            key, spec = borrowed
            changes[name if key in own else key] = spec
    return changes


def _borrowed(bases: Sequence[Base], name: str, image: Image) -> tuple[str, dict[str, Any]] | None:
    """How a recipe shows a map of this kind: what it calls the condition, and the condition."""
    for base in bases:
        for key, spec in base.recipe.conditions.items():
            if spec.by_chance or spec.learns() or len(spec.needs()) != 1:
                continue
            [reads] = spec.needs()
            option = _option_of(spec, reads)
            other_map = {} if reads == name else {option or "": name}
            if "" in other_map:  # it reads that one map, whatever its options
                continue
            found = spec.model_copy(update=other_map)
            try:
                found.gives({name: image})
            except ContractError:  # it shows maps of another kind
                continue
            said = found.model_dump(mode="json", exclude_unset=True, context={"zoo": base.zoo})
            return (name if other_map else key), {**said, **other_map}
    return None


def _option_of(spec: ConditionSpec, reads: str) -> str | None:
    """The option that says which map is read."""
    values: Mapping[str, Any] = {name: getattr(spec, name) for name in type(spec).model_fields}
    return next((option for option, value in values.items() if value == reads), None)
