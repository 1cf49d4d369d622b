"""The generator steps first; the discriminator then learns from what it makes anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.checks.contracts import contracts
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from tests.engine.conftest import LR, Line, Scale, assert_by_hand

Make = Callable[..., Recipe]

DOUBLE = Precision(torch.device("cpu"), "float64", "contiguous")
FIRST = {"method.turns": "generator_first"}


def game(recipe: Recipe) -> PhaseRunner:
    torch.manual_seed(0)
    runner = PhaseRunner(assemble(recipe), "only", DOUBLE)
    runner.begin()
    return runner


@pytest.mark.parametrize("sizes", [(2,), (1, 1)])
def test_a_step_is_the_one_written_out_here(
    linear: Recipe, noise: Any, sizes: tuple[int, ...]
) -> None:
    method = linear.method.model_copy(update={"turns": "generator_first"})
    runner, batch = game(linear.model_copy(update={"method": method})), noise(0)
    parts = zip(*(batch[name].split(sizes) for name in ("source", "target")), strict=True)
    terms = runner.step([{"source": a, "target": b} for a, b in parts]).numbers()

    c, y = ((batch[name].double() / 127.5 - 1) for name in ("source", "target"))
    g, d = Line().double(), Scale().double()
    gan = F.softplus(-d(c, g(c))[0][-1]).mean()  # through the discriminator as it was
    l1 = 100 * (g(c) - y).abs().mean()
    step(g, gan + l1)
    d_fake = F.softplus(d(c, g(c).detach())[0][-1]).mean()  # of the generator as it is now
    d_real = F.softplus(-d(c, y)[0][-1]).mean()
    step(d, 0.5 * (d_fake + d_real))

    told = {"G_GAN": gan, "G_L1": l1, "D_real": d_real, "D_fake": d_fake}
    assert_by_hand(runner, terms, told, {"generator": g, "discriminator": d})


def step(network: torch.nn.Module, loss: Tensor) -> None:
    parameters = list(network.parameters())
    for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.data.sub_(LR * slope)


def test_the_second_picture_has_noise_of_its_own(tiny: Make, noise: Any) -> None:
    """Also where the generator did not move."""
    runner = game(tiny({**FIRST, "optimizers.generator.lr": 1e-30}))
    made: list[Tensor] = []
    runner.cast.networks["generator"].register_forward_hook(
        lambda _, inputs, picture: made.append(picture)
    )
    runner.step([noise(0)])
    assert [picture.requires_grad for picture in made] == [True, False]
    assert (made[0] - made[1]).abs().max() > 1e-3  # dropout


def test_there_are_no_views_to_share(tiny: Make) -> None:
    with pytest.raises(RecipeError, match=r"anew after the generator's step.*simultaneous"):
        contracts(tiny({**FIRST, "engine.share_views": True}))
