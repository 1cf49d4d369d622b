"""The contracts of conditions and of the method: whether a recipe can be wired at a size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gan_zoo.checks.cures import conditions_for
from gan_zoo.checks.hints import broken_contract, hint_at, list_all
from gan_zoo.components.learning import Parts, Wiring
from gan_zoo.errors import ContractError, near_misses
from gan_zoo.recipe.problems import Keys, Problem
from gan_zoo.registry.zoo import Zoo


def wire_or_refuse(
    parts: Parts, wire: Callable[[], Wiring], at: Keys, zoo: Zoo
) -> Wiring | list[Problem]:
    """The wiring, or why there is none.

    Args:
        parts: What is wired.
        wire: Does so.
        at: Where its size stands in the recipe.
        zoo: The components that could help.
    """
    try:
        parts.data.maps(parts.size)
    except ContractError as problem:
        return [broken_contract(("data",) if problem.option else at, problem)]
    if found := [*_conditions(parts, zoo)]:
        return found
    try:
        return wire()
    except ContractError as problem:
        return [broken_contract(("method",), problem)]


def _conditions(parts: Parts, zoo: Zoo) -> Iterator[Problem]:
    """Every condition finds its maps and can work on them."""
    maps = parts.data.maps(parts.size)
    for name, spec in parts.conditions.items():
        here: Keys = ("conditions", name)
        absent = [wanted for wanted in spec.needs() if wanted not in maps]
        for wanted in absent:
            option = next((key for key, value in spec if value == wanted), None)
            told = f"the data has no map '{wanted}'; {hint_at(wanted, maps)}"
            if not near_misses(wanted, maps):
                others = conditions_for(maps, zoo)
                cure = f"use {' or '.join(others)}, or " if others else ""
                told += f"; {cure}remove conditions.{name} (null removes what is inherited)"
            yield Problem((*here, option) if option else here, told)
        if not absent:
            try:
                spec.gives(maps)
            except ContractError as problem:
                yield broken_contract(here, problem)


def refuse_untranslatable(parts: Parts, wiring: Wiring) -> Iterator[Problem]:
    """No condition asks a translation for the very map that is learned."""
    if wiring.inputs:
        return  # the method itself gives the conditions what a translation has
    others = [name for name in wiring.maps if name != wiring.target]
    for name, spec in parts.conditions.items():
        if wiring.target in spec.asks():
            option = next((key for key, value in spec if value == wiring.target), None)
            told = f"'{wiring.target}' is the map that is learned, so no translation has it"
            here: Keys = ("conditions", name, option) if option else ("conditions", name)
            yield Problem(here, f"{told}; {list_all(others)}")
