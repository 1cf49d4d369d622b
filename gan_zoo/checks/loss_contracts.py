"""The contracts of losses and optimizers: every loss finds what its terms are made of, and every
player has a loss and a way to step.
"""

from __future__ import annotations

from collections.abc import Iterator

from gan_zoo.checks.hints import broken_contract, hint_at
from gan_zoo.components.learning import LossSpec, Parts, Wiring
from gan_zoo.errors import ContractError
from gan_zoo.recipe.problems import Problem
from gan_zoo.registry.zoo import Zoo


def judge_losses(parts: Parts, wiring: Wiring) -> Iterator[Problem]:
    """Every loss finds what all its terms are made of and works here, and every player has one.

    Args:
        parts: Of the recipe, as they are in a phase.
        wiring: What the method makes of them there.
    """
    for name, loss in parts.losses.items():
        try:
            if set(loss.needs()) <= set(wiring.players):
                loss.check(parts, wiring)  # says more of what is absent than its name
        except ContractError as problem:
            yield broken_contract(("losses", name), problem)
            continue
        if lack := _lack(parts, loss, wiring):
            cure = f"or remove losses.{name} (null removes what is inherited)"
            yield Problem(("losses", name), f"{type(loss).name} {lack}, {cure}")
    taught = {player for loss in parts.losses.values() for player in loss.needs()}
    for player in wiring.players:
        if player not in taught:
            told = f"no loss teaches the {player}; add one that does, or leave the {player} out"
            yield Problem(("losses",), told)


def _lack(parts: Parts, loss: LossSpec, wiring: Wiring) -> str:
    """What a loss lacks first of all, and the cure; empty where it lacks nothing."""
    for player in loss.needs():
        if player not in wiring.players:
            return f"teaches a {player}, and there is none; add {player}: {{use: NAME, ...}}"
    for player, needed in loss.needs().items():
        if missing := sorted(needed - wiring.offers[player]):
            told = f"needs {' and '.join(missing)}, and the {player} has only "
            told += ", ".join(sorted(wiring.offers[player]))
            cure = "use another method"
            if parts.discriminator is None:
                cure = "add discriminator: {use: NAME, ...}, which may bring them"
            return f"{told}; {cure}"
    return ""


def judge_optimizers(parts: Parts, wiring: Wiring, zoo: Zoo) -> Iterator[Problem]:
    """Every player has an optimizer, and every optimizer a player."""
    names = ", ".join(zoo.claims("optimizer"))
    for player in wiring.players:
        if player not in parts.optimizers:
            told = f"is missing (how the {player} steps); write {player}: {{use: NAME, ...}}"
            yield Problem(("optimizers", player), f"{told} with NAME one of {names}")
    for name in parts.optimizers:
        if name not in wiring.players:
            told = f"there is no player '{name}' to step; {hint_at(name, wiring.players)}"
            yield Problem(("optimizers", name), told)
