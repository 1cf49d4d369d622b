"""What holds for every loss, found out in a tiny world of stand-ins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.engine.scene import Scene
from gan_zoo.protocols import Term
from gan_zoo.recipe.model import Recipe
from gan_zoo.specs import LossSpec
from gan_zoo.testing.options import changed
from gan_zoo.testing.subject import Advice, Subject, check, trying
from gan_zoo.testing.world import Theatre, Witness, losses_for, recipe_of, world_of_loss

CLOSE = 1e-9  # relative, in float64
HALVED, HALVED_TO = 0.25, 0.05  # between float32 and autocast: of the term, and at least


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
        theatre.stage.precision.place(function)
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
        terms = [term._replace(label=scene.labeled(term.label)) for term in terms]
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


def world(subject: Subject) -> tuple[LossSpec, Recipe]:
    """The loss, and a recipe in which it has all that it needs."""
    loss: LossSpec = subject.ready()
    recipe = world_of_loss(loss, subject.zoo)
    if recipe is None:
        needs = "; ".join(f"{p}: {', '.join(sorted(n))}" for p, n in loss.needs().items())
        raise Advice(
            "looked for an installed method that offers what needs() names",
            came=f"none offers {needs}",
            expected="a method in whose scenes the loss can be computed",
            cure="name what the method's scene holds, or ship the method with the loss",
        )
    return loss, recipe


@check("loss")
def asks_for_what_needs_says(subject: Subject) -> None:
    """Names asked of the scene = needs(), player by player."""
    loss, recipe = world(subject)
    needs = loss.needs()
    for player, heard in hear(loss, recipe).items():
        done = f"played the {player}'s turn and noted what the loss asked of the scene"
        wanted = set(needs.get(player, frozenset()))
        if secret := sorted(heard.asked - wanted):
            raise Advice(
                done,
                came=f"it asked for {', '.join(secret)}",
                expected=f"only {', '.join(sorted(wanted)) or 'nothing'}, as needs() says",
                cure=f"add {', '.join(secret)} to needs()['{player}'], or do not ask for it",
            )
        if idle := sorted(wanted - heard.asked):
            raise Advice(
                done,
                came=f"it never asked for {', '.join(idle)}",
                expected="every name that needs() gives for these options",
                cure=f"take {', '.join(idle)} out of needs()['{player}']",
            )
        if bool(heard.terms) != (player in needs):
            raise Advice(
                done,
                came=f"{len(heard.terms)} terms",
                expected="terms for the players in needs(), and for no other",
                cure=f"make needs() and the loss agree on the {player}",
            )


@check("loss")
def terms_are_labeled_scalars(subject: Subject) -> None:
    """Every term is a finite scalar in the working type, under a label of its own."""
    loss, recipe = world(subject)
    labels: list[str] = []
    for player, heard in hear(loss, recipe).items():
        for label, value, factor in heard.terms:
            came = f"{label!r}, {_described(value)}, factor {factor!r}"
            good = isinstance(value, Tensor) and value.shape == () and value.dtype == torch.float64
            if not (good and value.isfinite() and isinstance(label, str) and label):
                raise Advice(
                    f"computed the {player}'s terms in float64 on random pictures",
                    came=came,
                    expected="a label, a finite scalar of the pictures' type, a factor",
                    cure="reduce with mean(), and make new tensors with x.new_... or like x",
                )
        labels += [term.label for term in heard.terms]
    if twice := {label for label in labels if labels.count(label) > 1}:
        raise Advice(
            "collected the labels of all players' terms",
            came=f"{', '.join(sorted(twice))} more than once",
            expected="labels that tell the terms apart in the log",
            cure="give every term a label of its own, as G_GAN, D_real, D_fake",
        )


@check("loss")
def gradients_reach_the_player_and_nobody_else(subject: Subject) -> None:
    """A player's term moves each of its networks, and no other player's."""
    loss, recipe = world(subject)
    for player, heard in hear(loss, recipe).items():
        if not heard.terms:
            continue
        done = f"took the gradient of the {player}'s terms ({_labels(heard)})"
        own = {name for name, owner in heard.owners.items() if owner == player}
        if missed := sorted(own - heard.reached()):
            raise Advice(
                done,
                came=f"nothing reaches {', '.join(missed)}",
                expected=f"a gradient in {', '.join(sorted(own))}",
                cure="keep the graph: no .detach(), .item(), .data or no_grad on the way from the "
                f"scene's tensors ({', '.join(sorted(heard.asked))}) to the term",
            )
        if strangers := heard.strangers(player):
            raise Advice(
                done,
                came=f"it reaches {', '.join(strangers)} too",
                expected=f"a gradient in {', '.join(sorted(own))} only",
                cure=f"use the tensors of the {player}'s own scene; they are detached where due",
            )


@check("loss")
def weight_scales_the_term(subject: Subject) -> None:
    """Three times the weight is three times the generator's term, and no weight is nothing."""
    loss, recipe = world(subject)
    taught = [player for player in recipe.method.wire(recipe).players if player in loss.needs()]
    values = {}
    for weight in (0.0, 1.0, 3.0):
        weighed = changed(loss, "weight", weight)
        if weighed is None:
            raise Advice(
                f"set weight: {weight}",
                came="the spec refuses it",
                expected="any weight from 0",
                cure="leave `weight` as LossSpec has it",
            )
        values[weight] = hear(weighed, recipe)[taught[0]].total.item()
    if abs(values[0.0]) > CLOSE or abs(values[3.0] - 3 * values[1.0]) > CLOSE * abs(values[1.0]):
        raise Advice(
            f"computed the {taught[0]}'s sum of value * factor with weight 0, 1 and 3",
            came=", ".join(f"{value:.6g}" for value in values.values()),
            expected=f"0, {values[1.0]:.6g}, {3 * values[1.0]:.6g}",
            cure="multiply the term with the weight, or give the weight as Term's factor",
        )


@check("loss")
def leaves_the_scene_as_it_is(subject: Subject) -> None:
    """The scene's tensors are shared by all losses of a step."""
    loss, recipe = world(subject)
    for player, heard in hear(loss, recipe).items():
        if heard.spoiled:
            raise Advice(
                f"played the {player}'s turn and looked at the scene's tensors again",
                came=f"{', '.join(heard.spoiled)} changed in place",
                expected="the scene as it was: other losses read the same tensors",
                cure="use the operations without an underscore, or clone() first",
            )


@check("loss")
def equal_gradients_in_both_memory_formats(subject: Subject) -> None:
    """Contiguous and channels_last, at batch 1 and 2, in float64."""
    loss, recipe = world(subject)
    for samples in (1, 2):
        plain = hear(loss, recipe, samples=samples)
        last = hear(loss, recipe, samples=samples, memory_format="channels_last")
        for player, heard in plain.items():
            for name, gradients in heard.gradients.items():
                for ours, theirs in zip(gradients, last[player].gradients[name], strict=True):
                    far = (ours - theirs).abs().max() / ours.abs().max().clamp_min(1e-12)
                    if far > CLOSE:
                        raise Advice(
                            f"backward of the {player}'s terms to {name} with pictures contiguous "
                            f"and channels_last, batch {samples}, float64",
                            came=f"gradients that differ by {far:.2g} of the largest",
                            expected=f"equal gradients to {CLOSE:g}",
                            cure="avoid .view and .flatten on strides, and torch's InstanceNorm2d",
                        )


@check("loss")
def works_under_autocast(subject: Subject) -> None:
    """Where networks compute in bfloat16, terms stay float32 and about the same."""
    loss, recipe = world(subject)
    plain = hear(loss, recipe, precision="float32")
    for player, heard in hear(loss, recipe, precision="bfloat16").items():
        done = f"computed the {player}'s terms with networks under autocast to bfloat16"
        for ours, theirs in zip(plain[player].terms, heard.terms, strict=True):
            apart = (ours.value - theirs.value).abs().item()
            size = ours.value.abs().item()
            if theirs.value.dtype != torch.float32 or not apart <= max(HALVED * size, HALVED_TO):
                raise Advice(
                    done,
                    came=f"{theirs.label} is {theirs.value.item():.4g} in {theirs.value.dtype}, "
                    f"and {size:.4g} without autocast",
                    expected="about the same number, in float32",
                    cure="compute in the type of the scene's tensors, which is float32 here; run "
                    "fixed features alone inside `with scene.autocast():`",
                )


@check("loss")
def equal_terms_from_one_seed(subject: Subject) -> None:
    """Chance comes from torch's default generator, and nothing stays from step to step."""
    loss, recipe = world(subject)
    once, again = hear(loss, recipe), hear(loss, recipe)
    for player, heard in once.items():
        for ours, theirs in zip(heard.terms, again[player].terms, strict=True):
            if not torch.equal(ours.value, theirs.value):
                raise Advice(
                    f"computed the {player}'s terms twice, each time under torch.manual_seed(0)",
                    came=f"{ours.label} is {ours.value.item()!r}, then {theirs.value.item()!r}",
                    expected="one number: a run follows from its seed",
                    cure="draw with torch functions and no generator of your own, and remember "
                    "nothing: a loss has no state in a checkpoint",
                )


@check("loss")
def holds_nothing_that_learns(subject: Subject) -> None:
    """A loss may hold fixed features; their parameters never move."""
    loss, _ = world(subject)
    function = loss.build()
    if isinstance(function, nn.Module):
        free = [name for name, p in function.named_parameters() if p.requires_grad]
        if free:
            raise Advice(
                "built the loss and looked at its parameters",
                came=f"{free[0]} asks for gradients ({len(free)} parameters do)",
                expected="a loss that holds nothing that learns",
                cure="call requires_grad_(False) on it; what learns belongs to a network",
            )


@check("loss")
def rehearses_on_the_meta_device(subject: Subject) -> None:
    """A step with it works without numbers, as `gan-zoo check` takes one."""
    from gan_zoo.check.rehearsal import rehearse

    loss, recipe = world(subject)
    offers = recipe.method.wire(recipe).offers
    others = losses_for(offers, subject.zoo)
    with trying(
        "rehearsed a step of a tiny recipe with this loss on the meta device",
        expected="shapes all the way: check rehearses every recipe so",
        cure="no .item(), no branch on values, no tensor of another device",
    ):
        rehearse(recipe_of(recipe.method, {"tested": loss, **others}, recipe.data))


def _labels(heard: Heard) -> str:
    return ", ".join(term.label for term in heard.terms)


def _moves(gradient: Tensor) -> bool:
    return bool(gradient.abs().sum() > 0)


def _described(value: Any) -> str:
    if not isinstance(value, Tensor):
        return type(value).__name__
    shape = "x".join(map(str, value.shape)) or "scalar"
    return f"{shape} {value.dtype}" + ("" if value.isfinite().all() else ", not finite")
