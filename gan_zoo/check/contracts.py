"""What shapes and names alone can tell of a recipe: every mistake at once, without torch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from gan_zoo.check.cures import showing
from gan_zoo.errors import ContractError
from gan_zoo.recipe.mistakes import Keys, Problem, said
from gan_zoo.recipe.model import Phase, Recipe
from gan_zoo.recipe.report import problems
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.tree import Node, patch
from gan_zoo.recipe.words import Words, words
from gan_zoo.shapes import Image
from gan_zoo.specs import DataSpec, LossSpec, NetworkSpec
from gan_zoo.wiring import Network, Wiring
from gan_zoo.zoo import Zoo, near_misses


def contracts(recipe: Recipe, source: Source | None = None, zoo: Zoo | None = None) -> None:
    """Check everything that shapes and names can tell. Pure Python, no torch.

    Raises:
        RecipeError: every mistake at once.
    """
    source = source or Source("recipe", Node({}))
    found = dict.fromkeys((p.keys, p.message) for p in _mistakes(recipe, zoo or Zoo.installed()))
    if found:  # what is wrong in several phases is said once
        raise source.error(Problem(keys, told, source.place(keys)) for keys, told in found)


def _mistakes(recipe: Recipe, zoo: Zoo) -> Iterator[Problem]:
    wiring = _wire(recipe, None, ("data",), zoo)
    if not isinstance(wiring, Wiring):
        yield from wiring
        return
    yield from _untranslatable(recipe, wiring)
    yield from _scores(recipe)
    yield from _losses(recipe, wiring)
    yield from _optimizers(recipe, wiring, zoo)
    known = words(recipe, wiring)
    for name, phase in recipe.phases.items():
        here: Keys = ("phases", name)
        yield from _start(wiring, phase, here)
        yield from _play_and_train(recipe, wiring, known, phase, here)
        if changes := [*_set(recipe, known, phase, here, zoo)]:
            yield from changes
        else:
            staged = recipe.in_phase(name, zoo)
            yield from _recompute(staged, wiring)
            yield from _frozen(recipe, staged, phase, here)
            yield from _sizes(staged, wiring, phase, here)
            if phase.set:  # a loss that a phase weighs otherwise may lack what it needs
                yield from _losses(staged, wiring)


def _wire(
    recipe: Recipe, size: tuple[int, int] | None, at: Keys, zoo: Zoo | None = None
) -> Wiring | list[Problem]:
    """The wiring at a size, or why there is none. `at` is where the size stands."""
    try:
        maps = recipe.data.maps(size)
    except ContractError as problem:
        return [_broken(("data",) if problem.option else at, problem)]
    if found := [*_conditions(recipe, maps, zoo or Zoo.installed())]:
        return found
    try:
        return recipe.method.wire(recipe, size)
    except ContractError as problem:
        return [_broken(("method",), problem)]


def _conditions(recipe: Recipe, maps: Mapping[str, Image], zoo: Zoo) -> Iterator[Problem]:
    """Every condition finds its maps and can work on them."""
    for name, spec in recipe.conditions.items():
        here: Keys = ("conditions", name)
        absent = [wanted for wanted in spec.needs() if wanted not in maps]
        for wanted in absent:
            option = next((key for key, value in spec if value == wanted), None)
            told = f"the data has no map '{wanted}'; {_hint(wanted, maps)}"
            if not near_misses(wanted, maps):
                others = showing(maps, zoo)
                cure = f"use {' or '.join(others)}, or " if others else ""
                told += f"; {cure}remove conditions.{name} (null removes what is inherited)"
            yield Problem((*here, option) if option else here, told)
        if not absent:
            try:
                spec.gives(maps)
            except ContractError as problem:
                yield _broken(here, problem)


def _untranslatable(recipe: Recipe, wiring: Wiring) -> Iterator[Problem]:
    """No condition asks a translation for the very map that is learned."""
    if wiring.inputs:
        return  # the method itself gives the conditions what a translation has
    others = [name for name in wiring.maps if name != wiring.target]
    for name, spec in recipe.conditions.items():
        if wiring.target in spec.asks():
            option = next((key for key, value in spec if value == wiring.target), None)
            told = f"'{wiring.target}' is the map that is learned, so no translation has it"
            here: Keys = ("conditions", name, option) if option else ("conditions", name)
            yield Problem(here, f"{told}; {_all(others)}")


def _scores(recipe: Recipe) -> Iterator[Problem]:
    """What is scored has a target of its own to be compared with."""
    if recipe.validation is not None and not recipe.data.paired:
        told = f"{recipe.data.name} pairs no picture with the target that its translation should be"
        cure = "leave validation out (null removes what is inherited), and look at previews"
        yield Problem(("validation",), f"{told}, so there is nothing to score; {cure}")


def _losses(recipe: Recipe, wiring: Wiring) -> Iterator[Problem]:
    """Every loss finds what all its terms are made of and works here, and every player has one."""
    for name, loss in recipe.losses.items():
        try:
            if set(loss.needs()) <= set(wiring.players):
                loss.check(recipe)  # says more of what is absent than its name
        except ContractError as problem:
            yield _broken(("losses", name), problem)
            continue
        if lack := _lack(recipe, loss, wiring):
            cure = f"or remove losses.{name} (null removes what is inherited)"
            yield Problem(("losses", name), f"{type(loss).name} {lack}, {cure}")
    taught = {player for loss in recipe.losses.values() for player in loss.needs()}
    for player in wiring.players:
        if player not in taught:
            told = f"no loss teaches the {player}; add one that does, or leave the {player} out"
            yield Problem(("losses",), told)


def _lack(recipe: Recipe, loss: LossSpec, wiring: Wiring) -> str:
    """What a loss lacks first of all, and the cure; empty where it lacks nothing."""
    for player in loss.needs():
        if player not in wiring.players:
            return f"teaches a {player}, and there is none; add {player}: {{use: NAME, ...}}"
    for player, needed in loss.needs().items():
        if missing := sorted(needed - wiring.offers[player]):
            told = f"needs {' and '.join(missing)}, and the {player} has only "
            told += ", ".join(sorted(wiring.offers[player]))
            cure = "use another method"
            if recipe.discriminator is None:
                cure = "add discriminator: {use: NAME, ...}, which may bring them"
            return f"{told}; {cure}"
    return ""


def _optimizers(recipe: Recipe, wiring: Wiring, zoo: Zoo) -> Iterator[Problem]:
    """Every player has an optimizer, and every optimizer a player."""
    names = ", ".join(zoo.claims("optimizer"))
    for player in wiring.players:
        if player not in recipe.optimizers:
            told = f"is missing (how the {player} steps); write {player}: {{use: NAME, ...}}"
            yield Problem(("optimizers", player), f"{told} with NAME one of {names}")
    for name in recipe.optimizers:
        if name not in wiring.players:
            told = f"there is no player '{name}' to step; {_hint(name, wiring.players)}"
            yield Problem(("optimizers", name), told)


def _recompute(recipe: Recipe, wiring: Wiring) -> Iterator[Problem]:
    """What is computed anew is a network of the run."""
    here: Keys = ("engine", "recompute")
    named = [name for network in wiring.networks for name in (network.section, network.name)]
    known = list(dict.fromkeys(named))
    known += [f"conditions.{name}" for name, one in recipe.conditions.items() if one.learns()]
    for index, name in enumerate(recipe.engine.recompute):
        if name not in known:
            yield Problem((*here, index), f"there is no network '{name}'; {_hint(name, known)}")


def _start(wiring: Wiring, phase: Phase, here: Keys) -> Iterator[Problem]:
    for player in phase.start:
        if player not in wiring.players:
            told = f"there is no player '{player}'; {_hint(player, wiring.players)}"
            yield Problem((*here, "start", player), told)


def _play_and_train(
    recipe: Recipe, wiring: Wiring, known: Words, phase: Phase, here: Keys
) -> Iterator[Problem]:
    """What plays makes a picture, and what learns is there and plays."""
    if phase.play not in known.play:
        told = f"'{phase.play}' cannot make the picture; {_hint(phase.play, known.play)}"
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
            told = f"there is no part '{path}'; {_part(path, known.train)}"
            yield Problem((*here, "train", index), told)
        elif (part := wiring.in_section(path)).startswith("generator.") and not (
            f"{part}.".startswith(f"{phase.play}.")
        ):
            told = f"'{path}' rests while {phase.play} plays, so it cannot learn; leave it out"
            yield Problem((*here, "train", index), told)


def _set(recipe: Recipe, known: Words, phase: Phase, here: Keys, zoo: Zoo) -> Iterator[Problem]:
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


def _sizes(recipe: Recipe, first: Wiring, phase: Phase, here: Keys) -> Iterator[Problem]:
    """What plays in a phase can work at its size, with the channels of the `first` wiring."""
    wiring = _wire(recipe, phase.size, (*here, "size") if phase.size else ("data",))
    if not isinstance(wiring, Wiring):
        yield from wiring
        return
    for name, now in wiring.maps.items():
        was = first.maps.get(name, now)
        if now.resized(None, None) != was.resized(None, None):
            keys = [key for key in phase.set if key.partition(".")[0] == "data"]
            told = f"a phase cannot change the channels of {name}, which networks are built for: "
            told += f"{now.channels} here, {was.channels} at the top level"
            yield Problem((*here, "set", *keys[:1]), told)
            return
    for network, spec, path in _playing(recipe, wiring, phase):
        try:
            spec.check(network.given.resized(None, None), network.wanted.resized(None, None))
        except ContractError as problem:  # whatever the size
            yield _broken(path, problem)
            continue
        try:
            spec.check(network.given, network.wanted)
        except ContractError as problem:
            at = _size_stands_at(recipe, network, phase, here)
            if at is None:
                yield _broken(path, problem)
            else:
                value = phase.size or getattr(recipe.data, str(at[-1]).removeprefix("data."))
                whom = ".".join(str(step) for step in (*path, problem.option) if step)
                told = f"{said(value)} does not suit {whom}: {problem}"
                yield Problem(at, told)


def misfit(recipe: Recipe, phase: Phase, size: tuple[int, int]) -> str:
    """Why what plays in a phase cannot work at a size of the data; empty where it can.

    Args:
        recipe: As it is in the phase.
        phase: Its contracts hold.
        size: (height, width) of samples in training.
    """
    try:
        for network, spec, _ in _playing(recipe, recipe.method.wire(recipe, size), phase):
            spec.check(network.given, network.wanted)
    except ContractError as problem:
        return str(problem)
    return ""


def _playing(
    recipe: Recipe, wiring: Wiring, phase: Phase
) -> Iterator[tuple[Network, NetworkSpec, Keys]]:
    """The networks of a phase, each with the spec of the part that plays and its path."""
    section, _, part = phase.play.partition(".")
    for network in wiring.networks:
        if network.section == section and part in recipe.generator.plays():
            yield network, recipe.generator.plays()[part], (section, part)
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


def _hint(name: str, known: Collection[str]) -> str:
    """What was probably meant, or all there is."""
    near = near_misses(name, known)
    return f"did you mean {near[0]}?" if near else _all(known)


def _part(path: str, known: Collection[str]) -> str:
    """The hint for a part: among its neighbors, where its first steps are right."""
    above, _, last = path.rpartition(".")
    inside = {one.rpartition(".")[2]: one for one in known if one.rpartition(".")[0] == above != ""}
    near = [inside[name] for name in near_misses(last, inside)]
    if not inside:
        return _hint(path, known)
    return f"did you mean {near[0]}?" if near else _all(inside.values())


def _all(known: Collection[str]) -> str:
    return f"there {'are' if len(known) > 1 else 'is only'} {', '.join(known)}"


def _broken(keys: Keys, problem: ContractError) -> Problem:
    """A broken contract at the option that it names."""
    return Problem((*keys, *filter(None, problem.option.split("."))), str(problem))
