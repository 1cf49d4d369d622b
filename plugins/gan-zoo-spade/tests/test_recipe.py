"""The recipe: hinge over two scales, two rates, first weights, and who steps first."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo import Recipe
from gan_zoo.testing import PhaseRunner, phase, playing

SIDE = 32


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """The shipped recipe on a small scale, without fixed weights that a machine may not have."""
    return Recipe.load(
        "spade/spade",
        set={
            "data": {"use": "scenes", "theme": "facade", "size": [SIDE, SIDE], "batch": 2},
            "generator.width": 2,
            "generator.levels": 3,
            "generator.hidden": 4,
            "discriminator.each.width": 4,
            "losses.perceptual": None,
            "phases.main": {"epochs": None, "steps": 3, "size": [SIDE, SIDE], "schedule": None},
            "callbacks": None,
            "engine.device": "cpu",
        },
    )


def game(recipe: Recipe) -> PhaseRunner:
    torch.manual_seed(0)
    return phase(recipe)


def batch(recipe: Recipe) -> dict[str, Tensor]:
    dataset = recipe.data.open("train", (SIDE, SIDE))
    samples = [dataset.read(n, None).maps for n in range(2)]
    return {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}


def test_the_published_settings() -> None:
    said = Recipe.load("spade/spade").dump()
    rates = {name: (o["lr"], o["betas"]) for name, o in said["optimizers"].items()}
    assert rates == {"generator": (1e-4, [0, 0.9]), "discriminator": (4e-4, [0, 0.9])}
    weights = {name: (loss["use"], loss["weight"]) for name, loss in said["losses"].items()}
    assert weights == {
        "gan": ("adversarial", 1),
        "features": ("feature_matching", 10),
        "perceptual": ("perceptual", 10),
    }
    assert said["losses"]["perceptual"]["input"] == "raw"
    assert said["discriminator"]["scales"] == 2
    assert said["inference"]["norm"] == "running"


@pytest.mark.parametrize(
    ("epoch", "factor"), [(1, 1), (100, 1), (101, 1), (102, 0.99), (151, 0.5), (200, 0.01)]
)
def test_the_rate_falls_over_the_second_hundred_epochs(epoch: int, factor: float) -> None:
    schedule = Recipe.load("spade/spade").phases["main"].schedule
    assert schedule
    assert schedule.factor(epoch) == pytest.approx(factor)


def test_a_step_has_the_losses_written_out_here_and_the_generator_steps_first(
    recipe: Recipe,
) -> None:
    runner, order = game(recipe), []
    judged: list[tuple[Tensor, list[list[Tensor]]]] = []
    networks = playing(runner)
    networks["discriminator"].register_forward_hook(
        lambda _, inputs, views: judged.append(
            (inputs[1].detach(), [[feature.detach() for feature in view] for view in views])
        )
    )
    for name, player in runner.players.items():
        assert player.optimizer
        player.optimizer.register_step_post_hook(lambda *_, n=name: order.append((n, len(judged))))
    terms = runner.step([batch(recipe)]).numbers()

    # The generator learns from a fake and the real picture, the discriminator from another fake.
    assert order == [("generator", 2), ("discriminator", 4)]
    (fake, forward), (real, truth), (again, fakes), (same, reals) = judged
    assert torch.equal(real, same)
    assert not torch.equal(fake, again)
    told = {
        "G_GAN": -sum(view[-1].mean() for view in forward) / 2,
        "G_GAN_Feat": sum(
            10 / 2 * (ours - theirs).abs().mean()
            for view, other in zip(forward, truth, strict=True)
            for ours, theirs in zip(view[:-1], other[:-1], strict=True)
        ),
        "D_fake": sum(F.relu(1 + view[-1]).mean() for view in fakes) / 2,
        "D_real": sum(F.relu(1 - view[-1]).mean() for view in reals) / 2,
    }
    assert terms == pytest.approx({name: float(value) for name, value in told.items()}, rel=1e-12)


def test_both_of_the_discriminator_s_terms_count_whole(recipe: Recipe) -> None:
    """Its sum has no factor of a half."""
    loss = recipe.losses["gan"].build()
    views = [[torch.tensor([[[[0.25]]]])], [torch.tensor([[[[-3.0]]]])]]
    scene: Any = {"fake_views": views, "real_views": views}
    total = sum(float(term.value) * term.factor for term in loss(scene, "discriminator"))
    assert total == pytest.approx((1.25 + 0) / 2 + (0.75 + 4) / 2)


def test_first_weights_are_xavier_s_but_for_those_under_spectral_norm(recipe: Recipe) -> None:
    assert recipe.init
    torch.manual_seed(0)
    free, held = nn.Conv2d(30, 50, 3), spectral_norm(nn.Conv2d(30, 50, 3))
    before = held.parametrizations.weight.original.clone()  # type: ignore[union-attr]
    recipe.init.build()(nn.Sequential(free, held))
    deviation = 0.02 * math.sqrt(2 / (9 * 30 + 9 * 50))
    assert free.weight.std().item() == pytest.approx(deviation, rel=0.03)
    assert torch.equal(held.parametrizations.weight.original, before)  # type: ignore[union-attr]
    for conv in (free, held):
        assert conv.bias is not None
        assert not conv.bias.any()
