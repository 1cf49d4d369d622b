"""What holds for every loss, found out in a tiny world of stand-ins."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.learning import LossSpec
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.testing.fixtures import losses_for, recipe_around, recipe_for_loss
from gan_zoo.testing.hearing import Heard, hear
from gan_zoo.testing.options import changed
from gan_zoo.testing.subject import Advice, Subject, check, trying

CLOSE = 1e-9  # relative, in float64
HALVED, HALVED_TO = 0.25, 0.05  # between float32 and autocast: of the term, and at least


def loss_in_recipe(subject: Subject) -> tuple[LossSpec, Recipe]:
    """The loss, and a recipe in which it has all that it needs."""
    loss: LossSpec = subject.ready()
    recipe = recipe_for_loss(loss, subject.zoo)
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
    loss, recipe = loss_in_recipe(subject)
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
    loss, recipe = loss_in_recipe(subject)
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
    loss, recipe = loss_in_recipe(subject)
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
    loss, recipe = loss_in_recipe(subject)
    taught = [
        player for player in recipe.method.wire(recipe.parts()).players if player in loss.needs()
    ]
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
    loss, recipe = loss_in_recipe(subject)
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
    loss, recipe = loss_in_recipe(subject)
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
    loss, recipe = loss_in_recipe(subject)
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
    loss, recipe = loss_in_recipe(subject)
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
    loss, _ = loss_in_recipe(subject)
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
    from gan_zoo.checks.rehearsal import rehearse

    loss, recipe = loss_in_recipe(subject)
    offers = recipe.method.wire(recipe.parts()).offers
    others = losses_for(offers, subject.zoo)
    with trying(
        "rehearsed a step of a tiny recipe with this loss on the meta device",
        expected="shapes all the way: check rehearses every recipe so",
        cure="no .item(), no branch on values, no tensor of another device",
    ):
        rehearse(recipe_around(recipe.method, {"tested": loss, **others}, recipe.data))


def _labels(heard: Heard) -> str:
    return ", ".join(term.label for term in heard.terms)


def _described(value: Any) -> str:
    if not isinstance(value, Tensor):
        return type(value).__name__
    shape = "x".join(map(str, value.shape)) or "scalar"
    return f"{shape} {value.dtype}" + ("" if value.isfinite().all() else ", not finite")
