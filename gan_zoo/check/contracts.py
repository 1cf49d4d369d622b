"""What shapes and names alone can tell of a recipe: every mistake at once, without torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gan_zoo.errors import ContractError
from gan_zoo.recipe.model import Phase, Recipe
from gan_zoo.recipe.report import Problem, RecipeError
from gan_zoo.recipe.source import Keys, Source
from gan_zoo.specs import NetworkSpec, Spec, Wiring
from gan_zoo.zoo import Zoo, near_misses


def contracts(recipe: Recipe, source: Source | None = None, zoo: Zoo | None = None) -> None:
    """Check everything that shapes and names can tell. Pure Python, no torch.

    Raises:
        RecipeError: every mistake at once.
    """
    found = [*_conditions(recipe)]
    if not found:
        found = [*_wired(recipe, zoo)]
    if found:
        where = source.place if source else lambda keys: None
        raise RecipeError(Problem(p.keys, p.message, where(p.keys)) for p in found)


def _conditions(recipe: Recipe) -> Iterator[Problem]:
    """Every condition finds its maps."""
    maps = recipe.data.maps()
    for name, spec in recipe.conditions.items():
        for wanted in spec.needs():
            if wanted not in maps:
                near = near_misses(wanted, maps)
                hint = f"did you mean {near[0]}?" if near else f"it gives {', '.join(maps)}"
                keys: Keys = ("conditions", name)
                if wanted in spec.model_dump().values():
                    keys = (
                        *keys,
                        next(k for k in type(spec).model_fields if getattr(spec, k) == wanted),
                    )
                yield Problem(keys, f"the data has no map '{wanted}'; {hint}")


def _wired(recipe: Recipe, zoo: Zoo | None) -> Iterator[Problem]:
    try:
        wiring = recipe.method.wire(recipe)
    except ContractError as problem:
        yield _problem(("method",), problem)
        return
    yield from _losses(recipe, wiring)
    yield from _optimizers(recipe, wiring)
    seen: set[str] = set()
    for name, phase in recipe.phases.items():
        for problem in _phase(recipe, wiring, name, phase, zoo):
            if problem.message not in seen:  # a size that fits no phase is said once
                seen.add(problem.message)
                yield problem


def _losses(recipe: Recipe, wiring: Wiring) -> Iterator[Problem]:
    """Every loss finds what it needs, and every player has a loss."""
    judged = set(wiring.players)
    for name, loss in recipe.losses.items():
        needs = {player: needed for player, needed in loss.needs().items()}
        for player, needed in needs.items():
            offered = wiring.offers.get(player)
            if offered is None:
                if any(other in judged for other in needs) and _met(loss, wiring):
                    yield Problem(
                        ("losses", name),
                        f"{type(loss).name} makes a term for a {player}, which this recipe has "
                        f"not; add `{player}: {{use: ...}}`, or remove it: losses.{name}: null",
                    )
                continue
            if missing := sorted(needed - offered):
                cure = "" if recipe.discriminator else "; views come from a discriminator: add one"
                yield Problem(
                    ("losses", name),
                    f"{type(loss).name} needs {' and '.join(missing)}, but {recipe.method.name} "
                    f"offers the {player} only {', '.join(sorted(offered))}{cure}, or remove the "
                    f"loss: losses.{name}: null",
                )
    taught = {player for loss in recipe.losses.values() for player in loss.needs()}
    for player in wiring.players:
        if player not in taught:
            yield Problem(
                ("losses",), f"no loss has a term for the {player}, so it would never learn"
            )


def _met(loss: Any, wiring: Wiring) -> bool:
    return all(
        needed <= wiring.offers[p] for p, needed in loss.needs().items() if p in wiring.offers
    )


def _optimizers(recipe: Recipe, wiring: Wiring) -> Iterator[Problem]:
    players = ", ".join(wiring.players)
    for player in wiring.players:
        if player not in recipe.optimizers:
            yield Problem(("optimizers", player), f"the {player} has no optimizer; add one")
    for name in recipe.optimizers:
        if name not in wiring.players:
            said = f"there is no player '{name}'; the players are {players}"
            yield Problem(("optimizers", name), said)


def _phase(
    recipe: Recipe, wiring: Wiring, name: str, phase: Phase, zoo: Zoo | None
) -> Iterator[Problem]:
    here: Keys = ("phases", name)
    for player in phase.start:
        if player not in wiring.players:
            said = f"there is no player '{player}'; the players are {', '.join(wiring.players)}"
            yield Problem((*here, "start", player), said)
    plays = recipe.generator.plays()
    if phase.play != "generator" and phase.play.removeprefix("generator.") not in plays:
        known = ", ".join(["generator", *(f"generator.{part}" for part in plays)])
        yield Problem((*here, "play"), f"'{phase.play}' cannot play; what can: {known}")
    for index, path in enumerate(phase.train or ()):
        if said := _no_such_part(path, recipe, wiring):
            yield Problem((*here, "train", index), said)
    changes = [*_set(recipe, here, phase, zoo)]
    yield from changes
    if changes:
        return
    try:
        sized = recipe.in_phase(name, zoo).method.wire(recipe.in_phase(name, zoo), phase.size)
    except ContractError as problem:
        yield _problem((*here, "size"), problem)
        return
    for network in sized.networks:
        try:
            network.spec.check(network.given, network.wanted)
        except ContractError as problem:
            yield _problem((network.name,), problem)


def _no_such_part(path: str, recipe: Recipe, wiring: Wiring) -> str:
    """Why a part's path leads nowhere; empty where it leads to one."""
    specs: dict[str, NetworkSpec | Spec] = {n.name: n.spec for n in wiring.networks}
    specs |= {f"conditions.{name}": spec for name, spec in recipe.conditions.items()}
    parts = {
        name: dict(s.parts()) if isinstance(s, NetworkSpec) else {} for name, s in specs.items()
    }
    known = [full for name, own in parts.items() for full in (name, *(f"{name}.{p}" for p in own))]
    if path in known:
        return ""
    near = near_misses(path, known)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    network = path.partition(".")[0]
    if network in parts:
        have = ", ".join(parts[network]) or "none"
        hint = f"{specs[network].name} has the parts {have}"
    return f"there is no part '{path}'; {hint}"


def _set(recipe: Recipe, here: Keys, phase: Phase, zoo: Zoo | None) -> Iterator[Problem]:
    """A phase may set data, engine, and what the specs mark as changeable by phase."""
    allowed = [
        f"{path}.{option}"
        for path, spec in recipe.components().items()
        for option in sorted(spec.per_phase)
    ]
    whole = sorted(Recipe.patchable)
    for key, value in phase.set.items():
        keys: Keys = (*here, "set", key)
        if key not in allowed and key.partition(".")[0] not in whole:
            may = ", ".join([*(f"{section}.*" for section in whole), *allowed])
            yield Problem(keys, f"a phase cannot set this; it can set {may}")
            continue
        try:
            trial = phase.model_copy(update={"set": {key: value}})
            recipe.model_copy(update={"phases": {here[1]: trial}}).in_phase(str(here[1]), zoo)
        except ValueError as problem:
            detail = problem.errors()[0]["msg"] if hasattr(problem, "errors") else problem
            yield Problem(keys, f"{value!r} came; {detail}")


def _problem(keys: Keys, problem: ContractError) -> Problem:
    return Problem((*keys, problem.option) if problem.option else keys, str(problem))
