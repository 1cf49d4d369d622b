"""The contracts of one phase: what plays and learns, what it sets, and the size it works at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from gan_zoo.checks.hints import broken_contract, hint_at, hint_at_part
from gan_zoo.checks.loss_contracts import judge_losses
from gan_zoo.checks.wiring_contracts import wire_or_refuse
from gan_zoo.components.data import DataSpec
from gan_zoo.components.learning import Network, Wiring
from gan_zoo.components.networks import NetworkSpec
from gan_zoo.errors import ContractError, near_misses, quoted
from gan_zoo.recipe.model import Phase
from gan_zoo.recipe.phase_words import PhaseWords
from gan_zoo.recipe.problems import Keys, Problem
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.tree import Node, patch
from gan_zoo.recipe.validation import problems
from gan_zoo.recipe.wired import WiredPhase, WiredRecipe
from gan_zoo.registry.zoo import Zoo


def judge_phase(wired: WiredRecipe, name: str, known: PhaseWords, zoo: Zoo) -> Iterator[Problem]:
    """What is wrong in a phase.

    Args:
        wired: The recipe, which can be wired at its top level.
        name: The phase's.
        known: What phases may name.
        zoo: The components that it may name.
    """
    recipe, first = wired.recipe, wired.wiring
    said, here = recipe.phases[name], ("phases", name)
    yield from _start(first, said, here)
    yield from _play_and_train(recipe, first, known, said, here)
    if changes := [*_set(recipe, known, said, here, zoo)]:
        yield from changes
        return
    phase = wired.phase(name)
    yield from _recompute(phase.recipe, first)
    yield from _graphs(phase.recipe)
    yield from _frozen(recipe, phase.recipe, said, here)
    at = (*here, "size") if said.size else ("data",)
    wiring = wire_or_refuse(phase.parts, lambda: phase.wiring, at, zoo)
    if isinstance(wiring, Wiring):
        yield from _sizes(phase, first, here)
        yield from judge_losses(phase.parts, wiring)
    else:
        yield from wiring


def size_misfit(phase: WiredPhase, size: tuple[int, int]) -> str:
    """Why what plays in a phase cannot work at a size of the data; empty where it can.

    Args:
        phase: Its contracts hold.
        size: (height, width) of samples in training.
    """
    try:
        for network, spec, _ in _playing(phase, phase.wiring_at(size)):
            spec.check(network.given, network.wanted)
    except ContractError as problem:
        return str(problem)
    return ""


def _recompute(recipe: Recipe, wiring: Wiring) -> Iterator[Problem]:
    """What is computed anew is a network of the run."""
    here: Keys = ("engine", "recompute")
    named = [name for network in wiring.networks for name in (network.section, network.name)]
    known = list(dict.fromkeys(named))
    known += [f"conditions.{name}" for name, one in recipe.conditions.items() if one.learns()]
    for index, name in enumerate(recipe.engine.recompute):
        if name not in known:
            yield Problem((*here, index), f"there is no network '{name}'; {hint_at(name, known)}")


def _graphs(recipe: Recipe) -> Iterator[Problem]:
    """A step that is to be recorded does nothing that cannot be."""
    engine, here = recipe.engine, ("engine", "graphs")
    if engine.graphs == "on" and engine.recompute:
        told = "on came; a step with recompute makes forwards anew, which cannot be recorded"
        yield Problem(here, f"{told}. Leave one of them out")
    if engine.graphs == "on" and engine.precision == "float16":
        told = "on came; with precision float16 the host reads every step, which is not recorded"
        yield Problem(here, f"{told}. bfloat16 needs no such reading")


def _start(wiring: Wiring, phase: Phase, here: Keys) -> Iterator[Problem]:
    for player in phase.start:
        if player not in wiring.players:
            told = f"there is no player '{player}'; {hint_at(player, wiring.players)}"
            yield Problem((*here, "start", player), told)


def _play_and_train(
    recipe: Recipe, wiring: Wiring, known: PhaseWords, phase: Phase, here: Keys
) -> Iterator[Problem]:
    """What plays makes a picture, and what learns is there and plays."""
    if phase.play not in known.play:
        told = f"'{phase.play}' cannot make the picture; {hint_at(phase.play, known.play)}"
        yield Problem((*here, "play"), told)
        return
    if phase.train == ():
        yield Problem((*here, "train"), "nothing would learn; name a part, or leave `train` out")
    fixed = [f"conditions.{name}" for name, one in recipe.conditions.items() if not one.learns()]
    for index, path in enumerate(phase.train or ()):
        if path in fixed:
            told = f"'{path}' owns no parameters, so it cannot learn; leave it out"
            yield Problem((*here, "train", index), told)
        elif path not in known.train:
            told = f"there is no part '{path}'; {hint_at_part(path, known.train)}"
            yield Problem((*here, "train", index), told)
        elif (part := wiring.in_section(path)).startswith("generator.") and not (
            f"{part}.".startswith(f"{phase.play}.")
        ):
            told = f"'{path}' rests while {phase.play} plays, so it cannot learn; leave it out"
            yield Problem((*here, "train", index), told)


def _set(
    recipe: Recipe, known: PhaseWords, phase: Phase, here: Keys, zoo: Zoo
) -> Iterator[Problem]:
    """A phase may set data, engine, and what the specs mark as changeable by phase."""
    sections = tuple(f"{section}." for section in sorted(Recipe.patchable))
    changed, wrong = Node.of(recipe.dump(zoo)), False
    for key, value in phase.set.items():
        for path, one in _leaves(key, value):
            if path in known.capped and isinstance(one, int) and one > known.set[path]:
                wrong = True
                told = f"{path} is {known.set[path]} at the top level, and no phase has more; "
                told += f"{one} came"
                yield Problem((*here, "set", key), told)
            if path in known.set or path.startswith(sections):
                continue
            wrong = True
            near = near_misses(path, known.set)
            may = ", ".join([*(f"{section}NAME" for section in sections), *known.set])
            hint = f"did you mean {near[0]}?" if near else f"it can set {may}"
            yield Problem((*here, "set", key), f"a phase cannot set {path}; {hint}")
        changed = patch(changed, key, Node.of(value))
    if wrong or not phase.set:
        return
    trial = Source("phase", changed)
    try:
        Recipe.model_validate(trial.tree, context={"zoo": zoo})
    except ValidationError as error:
        for found in problems(Recipe, trial, error, zoo):
            keys = [key for key in phase.set if f"{found.key}.".startswith(f"{key}.")]
            inside = "" if found.key in keys else f"{found.key}: "
            yield Problem((*here, "set", *keys[:1]), f"{inside}{found.message}")


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The dotted paths of the values in a change, with the values."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner)
    else:
        yield key, value


def _frozen(recipe: Recipe, staged: Recipe, phase: Phase, here: Keys) -> Iterator[Problem]:
    """No phase both freezes a condition and lists it to learn."""
    for index, path in enumerate(phase.train or ()):
        name = path.partition(".")[2]
        known = path.startswith("conditions.") and name in recipe.conditions
        if known and recipe.conditions[name].learns() and not staged.conditions[name].learns():
            told = f"'{path}' is frozen by what this phase sets of it; leave one of them out"
            yield Problem((*here, "train", index), told)


def _sizes(phase: WiredPhase, first: Wiring, here: Keys) -> Iterator[Problem]:
    """What plays in a phase can work at its size, with the channels of the `first` wiring."""
    for name, now in phase.wiring.maps.items():
        was = first.maps.get(name, now)
        if now.resized(None, None) != was.resized(None, None):
            keys = [key for key in phase.phase.set if key.partition(".")[0] == "data"]
            told = f"a phase cannot change the channels of {name}, which networks are built for: "
            told += f"{now.channels} here, {was.channels} at the top level"
            yield Problem((*here, "set", *keys[:1]), told)
            return
    for network, spec, path in _playing(phase, phase.wiring):
        try:
            spec.check(network.given.resized(None, None), network.wanted.resized(None, None))
        except ContractError as problem:  # whatever the size
            yield broken_contract(path, problem)
            continue
        try:
            spec.check(network.given, network.wanted)
        except ContractError as problem:
            at = _size_stands_at(phase.recipe, network, phase.phase, here)
            if at is None:
                yield broken_contract(path, problem)
            else:
                data = phase.recipe.data
                value = phase.phase.size or getattr(data, str(at[-1]).removeprefix("data."))
                whom = ".".join(str(step) for step in (*path, problem.option) if step)
                told = f"{quoted(value)} does not suit {whom}: {problem}"
                yield Problem(at, told)


def _playing(phase: WiredPhase, wiring: Wiring) -> Iterator[tuple[Network, NetworkSpec, Keys]]:
    """The networks of a phase, each with the spec of the part that plays and its path."""
    section, _, part = phase.phase.play.partition(".")
    plays = phase.recipe.generator.plays()
    for network in wiring.networks:
        if network.section == section and part in plays:
            yield network, plays[part], (section, part)
        else:
            yield network, network.spec, (network.section,)


def _size_stands_at(recipe: Recipe, network: Network, phase: Phase, here: Keys) -> Keys | None:
    """Where the recipe says the size of a phase's pictures; None where it comes from elsewhere."""
    if phase.size:
        return (*here, "size")
    sides = network.wanted.height, network.wanted.width
    for option, value in recipe.data:
        known = [side for side in sides if side is not None]
        if option not in DataSpec.model_fields and (value == sides or [value] == known):
            key = f"data.{option}"
            return (*here, "set", key) if key in phase.set else ("data", option)
    return None
