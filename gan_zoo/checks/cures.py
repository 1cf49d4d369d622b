"""What would help: the conditions that show what the data has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.learning import Wiring
from gan_zoo.components.shapes import Image
from gan_zoo.errors import ContractError
from gan_zoo.registry.zoo import Zoo


def conditions_for(maps: Mapping[str, Image], zoo: Zoo) -> list[str]:
    """The conditions that show the maps of the data, as a recipe writes them: for every map those
    that are made for it, or all that take it.
    """
    found = [one for name in maps if name != Wiring.target for one in _of(name, maps, zoo)]
    return list(dict.fromkeys(found))


def _of(name: str, maps: Mapping[str, Image], zoo: Zoo) -> Iterator[str]:
    fit = dict(_fitting(name, maps, zoo))
    usual = [line for line, made_for in fit.items() if made_for]
    yield from usual or fit


def _fitting(name: str, maps: Mapping[str, Image], zoo: Zoo) -> Iterator[tuple[str, bool]]:
    """Every condition that takes a map, and whether it does by default."""
    for use, claims in zoo.claims("condition").items():
        try:
            spec = claims[0].spec()
        except ValidationError:  # an option is required, which nobody can guess
            continue
        assert isinstance(spec, ConditionSpec)
        needs = spec.needs()
        if len(needs) != 1 or spec.seen_by != "both" or spec.learns():
            continue
        option = next((key for key, value in spec if value == needs[0]), None)
        if option is None and needs != (name,):
            continue
        trial = spec.model_copy(update={option: name}) if option else spec
        try:
            trial.gives(maps)
        except ContractError:
            continue
        said = f", {option}: {name}" if option else ""
        yield f"{{use: {use}{said}}}", needs == (name,)
