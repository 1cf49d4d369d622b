"""Everything goes with everything: each pair of networks, with each form of the game and each kind
of turns, trains on generated scenes. The lists are the Zoo's, so a new component is covered as soon
as it is registered.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, get_args

import pytest
import torch

from gan_zoo.checks.contracts import contracts
from gan_zoo.components.spec import Spec
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo

CPU = Precision(torch.device("cpu"), "float32", "contiguous")
ZOO = Zoo.installed()
SIDE = 32

BASE: dict[str, Any] = {
    "data": {"use": "scenes", "size": [SIDE, SIDE], "batch": 2, "workers": 0},
    "conditions": {"labels": {"use": "one_hot"}, "edges": {"use": "boundary"}},
    "losses": {"l1": {"use": "l1", "weight": 10}},
    "optimizers": {
        "generator": {"use": "adam", "lr": 2e-4, "betas": [0.5, 0.999]},
        "discriminator": {"use": "adam", "lr": 2e-4, "betas": [0.5, 0.999]},
    },
    "phases": {"main": {"steps": 3}},
}


def own(kind: str) -> list[str]:
    """The built-in components of a kind; guests test their own."""
    return [name for name in ZOO.claims(kind) if "/" not in name]


def words(kind: str, name: str, option: str) -> list[Any]:
    """What a choice of a component can be."""
    return list(get_args(ZOO.get(kind, name).model_fields[option].annotation))


def smallest(kind: str, name: str) -> dict[str, Any]:
    """The example of a component, as a recipe says it."""
    spec: type[Spec] = ZOO.get(kind, name)
    return spec.example().model_dump(mode="json")


FORMS = words("loss", "adversarial", "form")
TURNS = words("method", "paired", "turns")
USUAL = {"generator": "unet", "discriminator": "patch"}
MAPS = {"noise": {"map": "label"}}  # where the default names a map that scenes lack
PAIRS = list(itertools.product(own("generator"), own("discriminator")))


def mixed(form: str, turns: str, **parts: Any) -> Recipe:
    """The base with other parts; what a form needs beside it is added."""
    losses = {"gan": {"use": "adversarial", "form": form}}
    if form == "wasserstein":
        losses["penalty"] = {"use": "gradient_penalty"}
    usual = {key: smallest(key, name) for key, name in USUAL.items()}
    made = {**BASE, **usual, **parts, "method": {"use": "paired", "turns": turns}}
    made["losses"] = {**BASE["losses"], **losses, **parts.get("losses", {})}
    return Recipe.model_validate(made, context={"zoo": ZOO})


def trains(recipe: Recipe) -> None:
    """Three steps: every term is a number, and both players move."""
    contracts(recipe)
    runner = PhaseRunner(assemble(recipe), "main", CPU)
    runner.begin()
    before = {p: [x.clone() for x in own.learns.values()] for p, own in runner.players.items()}
    data = recipe.data.open("train")
    plan, maps = Plan(len(data), 2, 0, 0), recipe.data.maps()
    feed = read_batches(data, plan, start=0, stop=3, workers=0, pin=False, maps=maps)
    for number, batch in enumerate(feed):
        terms = runner.step([batch.maps], number).numbers()
        assert {"G_GAN", "D_real", "D_fake"} <= terms.keys()
        assert all(map(math.isfinite, terms.values())), terms
    for player, weights in before.items():
        learned = runner.players[player].learns.values()
        moved = sum(not torch.equal(a, b) for a, b in zip(weights, learned, strict=True))
        assert moved > len(weights) / 2, player


@pytest.mark.parametrize(("generator", "discriminator"), PAIRS, ids=[f"{g}-{d}" for g, d in PAIRS])
def test_every_pair_trains_in_every_form_and_turn(generator: str, discriminator: str) -> None:
    networks = {
        "generator": smallest("generator", generator),
        "discriminator": smallest("discriminator", discriminator),
    }
    for form, turns in itertools.product(FORMS, TURNS):
        trains(mixed(form, turns, **networks))


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("loss", own("loss"))
def test_every_loss_trains_beside_the_game(loss: str, turns: str) -> None:
    trains(mixed("hinge", turns, losses={"tested": smallest("loss", loss)}))


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("condition", [name for name in own("condition") if name != "image"])
def test_every_condition_trains_beside_the_labels(condition: str, turns: str) -> None:
    """All but `image`: scenes have no picture but the one that is learned."""
    tested = MAPS.get(condition, {})
    conditions = {**BASE["conditions"], "tested": {**smallest("condition", condition), **tested}}
    trains(mixed("least_squares", turns, conditions=conditions))


def changed(changes: dict[str, Any]) -> Recipe:
    return Recipe.load("scenes", set=changes, zoo=ZOO)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "wasserstein without a bound": (
        {"losses.gan.form": "wasserstein"},
        r"losses\.gan\.form: .*gradient_penalty",
    ),
    "a bound that weighs nothing": (
        {
            "losses.gan.form": "wasserstein",
            "losses.penalty": {"use": "gradient_penalty", "weight": 0},
        },
        r"losses\.gan\.form: .*gradient_penalty",
    ),
    "a game without an opponent": (
        {"discriminator": None, "optimizers.discriminator": None},
        r"losses\.gan: .*there is none; add discriminator",
    ),
    "a penalty without a discriminator": (
        {
            "discriminator": None,
            "optimizers.discriminator": None,
            "losses.gan": {"use": "gradient_penalty"},
        },
        r"losses\.gan: .*discriminator",
    ),
    "an opponent that nothing teaches": (
        {"losses.gan": None},
        r"losses: no loss teaches the discriminator",
    ),
    "views that cannot be shared": (
        {"method.turns": "alternate", "engine.share_views": True},
        r"method\.turns: .*simultaneous",
    ),
    "a pool beside shared views": (
        {"method.pool": 50, "engine.share_views": True},
        r"method\.pool: .*pool: 0",
    ),
    "more halvings than the picture has": (
        {"generator.depth": 7},
        r"data\.size: .*multiples of 128",
    ),
    "a residual net on a side that is not halved": (
        {"generator": {"use": "resnet"}, "data.size": [66, 64]},
        r"data\.size: .*multiples of 4",
    ),
    "a backbone deeper than the picture": (
        {"generator": {"use": "unet_timm", "levels": 5}, "data.size": [48, 48]},
        r"data\.size: .*multiples of 32",
    ),
    "no logit left": (
        {"discriminator": {"use": "patch", "layers": 6}},
        r"data\.size: .*(pixel|layers)",
    ),
    "ids as a picture": (
        {"conditions.labels": {"use": "image", "map": "label"}},
        r"conditions\.labels.*one_hot",
    ),
    "a picture as classes": (
        {"conditions.labels": {"use": "one_hot", "map": "target"}},
        r"conditions\.labels.*label",
    ),
    "the border of what is not there": (
        {"data": {"use": "label_folder", "root": "x", "classes": 3, "instance": False}},
        r"conditions\.edges.*no map 'instance'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused_with_the_reason(name: str) -> None:
    changes, told = REFUSED[name]
    with pytest.raises(RecipeError, match=told):
        contracts(changed(changes))
