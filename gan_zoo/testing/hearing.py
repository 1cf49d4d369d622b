"""What a loss says, heard in a tiny world of stand-ins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.learning import LossSpec
from gan_zoo.components.scene import Scene, Term
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.testing.fixtures import Theatre, Witness
from gan_zoo.testing.subject import trying


@dataclass
class Heard:
    """What a loss said in the turn of one player.

    Args:
        terms: Its terms.
        asked: The names of the scene that it asked for.
        spoiled: Those of them that it changed in place.
        gradients: Network -> its parameters' gradients; of networks that got any.
        owners: Network -> its player.
    """

    terms: list[Term]
    asked: set[str]
    spoiled: list[str]
    owners: dict[str, str]
    gradients: dict[str, list[Tensor]] = field(default_factory=dict)

    @property
    def total(self) -> Tensor:
        """The player's sum."""
        return torch.stack([term.value * term.factor for term in self.terms]).sum()

    def and_also(self, other: Heard) -> Heard:
        """What was said on one side of a step, and on another."""
        gradients = {
            name: [*self.gradients.get(name, ()), *other.gradients.get(name, ())]
            for name in {**self.gradients, **other.gradients}
        }
        terms, spoiled = [*self.terms, *other.terms], [*self.spoiled, *other.spoiled]
        return Heard(terms, self.asked | other.asked, spoiled, self.owners, gradients)

    def reached(self) -> set[str]:
        """Networks that get a gradient."""
        return {name for name, grads in self.gradients.items() if any(map(_moves, grads))}

    def strangers(self, player: str) -> list[str]:
        """Those of them that are another player's."""
        return sorted(name for name in self.reached() if self.owners[name] != player)


def hear(loss: LossSpec, recipe: Recipe, **how: Any) -> dict[str, Heard]:
    """Play one step of the recipe with this loss, and listen to it in every player's turn."""
    theatre = Theatre(recipe, **how)
    torch.manual_seed(0)
    function = loss.build()
    if isinstance(function, nn.Module):
        theatre.runner.precision.place(function)
    loss.fetch(function)
    owners = {name: theatre.assembly.owner(name) for name in theatre.assembly.networks}
    found: dict[str, Heard] = {}

    def ear(player: str, scene: Scene) -> None:
        witness = Witness(scene)
        with trying(
            f"called with the scene of the {player}'s turn, which has {', '.join(scene.names())}",
            expected="Terms, each a label, a scalar and a factor",
            cure="ask the scene only for what needs() names, and yield Term(label, value, factor)",
        ):
            torch.manual_seed(0)
            terms = [Term(*term) for term in function(witness, player)]
        terms = [term._replace(label=scene.label_of(term.label)) for term in terms]
        heard = Heard(terms, set(witness.looked), witness.spoiled(), owners)
        if terms:
            heard.gradients = _gradients(theatre, heard.total)
        found[player] = found[player].and_also(heard) if player in found else heard

    theatre.play(ear)
    return found


def _gradients(theatre: Theatre, total: Tensor) -> dict[str, list[Tensor]]:
    """Backward to whatever the graph reaches, be it the player's own or not."""
    if not total.requires_grad:
        return {}
    networks = theatre.assembly.networks
    resting = [p for net in networks.values() for p in net.parameters() if not p.requires_grad]
    for parameter in resting:
        parameter.requires_grad_(True)
    torch.autograd.backward(total, retain_graph=True)
    found = {}
    for name, network in networks.items():
        if gradients := [p.grad for p in network.parameters() if p.grad is not None]:
            found[name] = gradients
        network.zero_grad(set_to_none=True)
    for parameter in resting:
        parameter.requires_grad_(False)
    return found


def _moves(gradient: Tensor) -> bool:
    return bool(gradient.abs().sum() > 0)
