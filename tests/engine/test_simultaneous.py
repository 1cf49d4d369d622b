"""Both players learn from both as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from gan_zoo.checks.contracts import contracts
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from tests.engine.conftest import LR, Line, Scale, assert_by_hand

Make = Callable[..., Recipe]

DOUBLE = Precision(torch.device("cpu"), "float64", "contiguous")
TOGETHER = {"method.turns": "simultaneous"}


def game(recipe: Recipe, *, share: bool) -> PhaseRunner:
    torch.manual_seed(0)
    runner = PhaseRunner(assemble(recipe), "only", replace(DOUBLE, share_views=share))
    runner.begin()
    return runner


@pytest.mark.parametrize("share", [True, False])
def test_a_step_is_the_one_written_out_here(linear: Recipe, noise: Any, share: bool) -> None:
    method = linear.method.model_copy(update={"turns": "simultaneous"})
    runner = game(linear.model_copy(update={"method": method}), share=share)
    batch = noise(0)
    terms = runner.step([batch]).numbers()

    c, y = ((batch[name].double() / 127.5 - 1) for name in ("source", "target"))
    g, d = Line().double(), Scale().double()
    fake = g(c)
    d_fake = F.softplus(d(c, fake.detach())[0][-1]).mean()
    d_real = F.softplus(-d(c, y)[0][-1]).mean()
    gan = F.softplus(-d(c, fake)[0][-1]).mean()  # through the discriminator as it was
    l1 = 100 * (fake - y).abs().mean()
    slopes = torch.autograd.grad(gan + l1, list(g.parameters()))
    [slope] = torch.autograd.grad(0.5 * (d_fake + d_real), [d.weight])
    with torch.no_grad():
        for parameter, gradient in zip((*g.parameters(), d.weight), (*slopes, slope), strict=True):
            parameter.sub_(LR * gradient)

    told = {"D_real": d_real, "D_fake": d_fake, "G_GAN": gan, "G_L1": l1}
    assert_by_hand(runner, terms, told, {"generator": g, "discriminator": d})


@pytest.mark.parametrize("micro_batches", [1, 2])
def test_shared_views_give_the_numbers_of_separate_ones(
    tiny: Make, noise: Any, micro_batches: int
) -> None:
    recipe = tiny({**TOGETHER, "discriminator.norm": "instance"})
    results = []
    for share in (True, False):
        runner = game(recipe, share=share)
        terms = [runner.step([noise(10 * n + m) for m in range(micro_batches)]) for n in range(3)]
        weights = [p.detach() for net in runner.cast.networks.values() for p in net.parameters()]
        results.append(([t.numbers() for t in terms], weights))
    (shared, ours), (separate, theirs) = results
    for one, other in zip(shared, separate, strict=True):
        assert one == pytest.approx(other, rel=1e-12)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_sharing_asks_the_discriminator_twice_instead_of_three_times(
    tiny: Make, noise: Any
) -> None:
    calls = []
    for share in (True, False):
        runner = game(tiny(TOGETHER), share=share)
        count = [0]

        def heard(module: Any, given: Any, made: Any, count: list[int] = count) -> None:
            count[0] += 1 if isinstance(given[1], torch.Tensor) else len(given[1])

        runner.cast.networks["discriminator"].register_forward_hook(heard)
        runner.step([noise(0)])
        calls += count
    assert calls == [2, 3]


def test_the_generator_steps_first_and_neither_sees_the_others_step(tiny: Make, noise: Any) -> None:
    runner, order = game(tiny(TOGETHER), share=True), []
    for name, player in runner.players.items():
        assert player.optimizer
        step = player.optimizer.step
        player.optimizer.step = lambda *a, n=name, s=step: (order.append(n), s())[1]  # type: ignore
    runner.step([noise(0)])
    assert order == ["generator", "discriminator"]


# ---------------------------------------------------------------------------------- the pool


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
def test_until_the_pool_is_full_it_changes_nothing(tiny: Make, noise: Any, turns: str) -> None:
    recipe = {"method.turns": turns, "generator.dropout": "none"}
    without, holding = (game(tiny({**recipe, "method.pool": size}), share=False) for size in (0, 7))
    for seed in range(3):  # six pictures
        one, other = (runner.step([noise(seed)]).numbers() for runner in (without, holding))
        assert one == other
    differ = 0
    for seed in range(3, 9):
        one, other = (runner.step([noise(seed)]).numbers() for runner in (without, holding))
        differ += one["D_fake"] != other["D_fake"]
    assert differ >= 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"engine.share_views": True}, r"method\.turns: .*turns: simultaneous"),
        ({**TOGETHER, "engine.share_views": True, "method.pool": 5}, r"method\.pool: .*pool: 0"),
        (
            {
                "method.pool": 5,
                "discriminator": None,
                "losses.gan": None,
                "optimizers.discriminator": None,
            },
            r"method\.pool: .*leave `pool` out",
        ),
        ({"engine.recompute": ["generatr"]}, r"engine\.recompute.*did you mean generator"),
    ],
)
def test_what_cannot_be_is_refused(tiny: Make, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        contracts(tiny(changes))
