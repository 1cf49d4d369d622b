"""What phases may say of a recipe's parts, and how that gives way when a change removes a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gan_zoo.components.learning import Wiring
from gan_zoo.recipe.model import RecipeFields
from gan_zoo.recipe.tree import Node

GIVE_WAY = ("play", "train", "start", "set")  # words of a phase that name parts


@dataclass(frozen=True)
class PhaseWords:
    """The names that a phase may use.

    Args:
        play: Parts that make a picture.
        train: Parts that can learn.
        start: Players.
        set: Option that a phase may change -> its value at the top level.
        capped: Those of them that a phase may only lower.
    """

    play: tuple[str, ...]
    train: tuple[str, ...]
    start: tuple[str, ...]
    set: Mapping[str, Any]
    capped: frozenset[str]


def phase_words(recipe: RecipeFields, wiring: Wiring) -> PhaseWords:
    """What a recipe's phases may name, in its order."""
    parts = {
        name: network.spec.parts()
        for network in wiring.networks
        for name in (network.section, network.name)
    }
    parts |= {f"conditions.{name}": {} for name, one in recipe.conditions.items() if one.learns()}
    options = {
        f"{path}.{option}": (spec, option)
        for path, spec in recipe.components().items()
        for option in sorted(spec.per_phase)
        if path.partition(".")[0] not in RecipeFields.patchable
    }
    return PhaseWords(
        play=("generator", *(f"generator.{part}" for part in recipe.generator.plays())),
        train=tuple(path for name, own in parts.items() for path in _paths(name, own)),
        start=wiring.players,
        set={path: getattr(spec, option) for path, (spec, option) in options.items()},
        capped=frozenset(p for p, (spec, option) in options.items() if option in spec.capped),
    )


def give_way(changed: Node, was: PhaseWords, now: PhaseWords) -> tuple[Node, list[str]]:
    """Leave out what the phases of a changed recipe say of parts that the change took out, and cap
    what they say of parts that it made smaller. What never was stays, for the check to refuse.

    Args:
        changed: The recipe with the change, whose phases speak of parts.
        was: What they may name without the change.
        now: What they may name with it.

    Returns:
        The changed recipe, and a line for each word that gave way.
    """
    phases = changed.value["phases"]
    told: list[str] = []
    left = {
        name: _yielding(f"phases.{name}", phase, was, now, told)
        if speaks_of_parts(phase)
        else phase
        for name, phase in phases.value.items()
    }
    whole = replace(phases, value=left)
    return replace(changed, value={**changed.value, "phases": whole}), told


def speaks_of_parts(node: Node) -> bool:
    """Whether a phase, or one of several, says anything of parts."""
    if not isinstance(node.value, dict):
        return False
    inside = [phase for phase in node.value.values() if isinstance(phase.value, dict)]
    return any(word in node.value for word in GIVE_WAY) or any(
        word in phase.value for phase in inside for word in GIVE_WAY
    )


def _yielding(here: str, phase: Node, was: PhaseWords, now: PhaseWords, told: list[str]) -> Node:
    """One phase, with what gave way left out."""
    said = dict(phase.value)

    def gone(word: str, name: Any) -> bool:
        known, left = getattr(was, word), getattr(now, word)
        if not isinstance(name, str) or name not in known or name in left:
            return False
        told.append(f"{here}.{word}: {name} is left out: the change took it away")
        return True

    if "play" in said and gone("play", said["play"].value):
        del said["play"]
    if isinstance(said["train"].value if "train" in said else None, list):
        items = [item for item in said["train"].value if not gone("train", item.value)]
        said["train"] = replace(said["train"], value=items)
    for word in ("start", "set"):
        if word in said and isinstance(said[word].value, dict):
            kept = {key: node for key, node in said[word].value.items() if not gone(word, key)}
            said[word] = replace(said[word], value=kept)
    if "set" in said and isinstance(said["set"].value, dict):
        capped = dict(_capped(here, said["set"].value, was, now, told))
        said["set"] = replace(said["set"], value={**said["set"].value, **capped})
    return replace(phase, value=said)


def _capped(
    here: str, said: Mapping[str, Node], was: PhaseWords, now: PhaseWords, told: list[str]
) -> Iterator[tuple[str, Node]]:
    for path, node in said.items():
        if path in now.capped and path in was.capped and isinstance(node.value, int):
            most = now.set[path]
            if most < node.value <= was.set[path]:
                told.append(
                    f"{here}.set: {path} is {most} instead of {node.value}: no more is left"
                )
                yield path, replace(node, value=most)


def _paths(name: str, parts: Mapping[str, str]) -> Iterator[str]:
    yield name
    yield from (f"{name}.{part}" for part in parts)
