"""A player: how it looks at its gradients, and at which rate it steps."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.player import Player, optimizer_state, restore_optimizer
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe

Make = Callable[..., Recipe]
CPU = Precision(torch.device("cpu"), "float32", "contiguous")
NONE = (float("nan"), float("inf"), float("-inf"))


def player_of(*gradients: torch.Tensor) -> Player:
    weights = {str(n): nn.Parameter(torch.zeros_like(g)) for n, g in enumerate(gradients)}
    for weight, gradient in zip(weights.values(), gradients, strict=True):
        weight.grad = gradient
    return Player("generator", weights, None)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 5, 2, 7), (16, 8, 4, 4), (0, 3, 2, 2)])
def test_the_largest_is_that_of_all_numbers(
    shape: tuple[int, ...], layout: torch.memory_format
) -> None:
    draw = torch.Generator().manual_seed(sum(shape))
    for sign in (1, -1):
        one = torch.randn(shape, generator=draw).contiguous(memory_format=layout)
        other = sign * torch.rand(7, generator=draw)
        largest = player_of(one, other).largest([])
        assert largest is not None
        assert largest.item() == max(x.abs().max().item() for x in (one, other) if x.numel())
        for bad in NONE if one.numel() else ():
            for place in (0, one.numel() // 2, one.numel() - 1):
                spoilt = one.clone()
                spoilt[tuple(int(x) for x in torch.unravel_index(torch.tensor(place), shape))] = bad
                found = player_of(spoilt, other).largest([])
                assert found is not None
                assert not math.isfinite(found.item())
                assert math.isnan(found.item()) == math.isnan(bad)


@pytest.mark.parametrize("use", ["adam", "adamw", "sgd"])
def test_rates_lie_on_the_device_in_all_their_digits(tiny: Make, use: str) -> None:
    spec = tiny({"optimizers.generator": {"use": use, "lr": 0.0002}}).optimizers["generator"]
    weight = nn.Parameter(torch.ones(4))
    optimizer = spec.build([weight])
    CPU.place_optimizer(optimizer)
    player = Player("generator", {"w": weight}, optimizer)
    (group,) = optimizer.param_groups
    lies = group["lr"]
    assert group["fused"] is True
    for factor in (1.0, 0.5, 1 / 3, 0.0):
        player.set_rate(factor)
        assert group["lr"] is lies
        assert lies.item() == player.rate == 0.0002 * factor


def test_a_restored_optimizer_takes_the_rates_that_come(tiny: Make) -> None:
    """Loading a state puts copies of its groups in place."""
    spec = tiny().optimizers["generator"]
    weight = nn.Parameter(torch.ones(4))
    optimizer = spec.build([weight])
    CPU.place_optimizer(optimizer)
    player = Player("generator", {"w": weight}, optimizer)
    weight.grad = torch.ones(4)
    player.step()
    restore_optimizer(player, {"w": dict(optimizer_state(player)["w"])})
    player.set_rate(0.0)
    before = weight.detach().clone()
    player.step()
    assert torch.equal(weight, before)
    player.set_rate(0.5)
    player.step()
    assert not torch.equal(weight, before)


def test_the_players_of_a_phase_step_in_one_pass(tiny: Make, play: Callable[..., object]) -> None:
    game: object = play(tiny())
    runner: PhaseRunner = game.enter("only")  # type: ignore[attr-defined]
    for player in runner.players.values():
        assert player.optimizer is not None
        assert all(group["fused"] for group in player.optimizer.param_groups)
    assert runner.rates() == {"generator": 0.0002, "discriminator": 0.0002}


@pytest.mark.parametrize("way", ["foreach", "fused", "capturable", "differentiable"])
@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD])
def test_a_way_that_somebody_chose_stays(kind: type[torch.optim.Adam], way: str) -> None:
    weight = nn.Parameter(torch.ones(4))
    for chosen in (True, False) if way in ("foreach", "fused") else (True,):
        try:
            optimizer = kind([weight], lr=0.1, **{way: chosen})
        except TypeError:  # SGD is never capturable
            continue
        before = dict(optimizer.param_groups[0])
        CPU.place_optimizer(optimizer)
        assert {k: v for k, v in optimizer.param_groups[0].items() if k != "params"} == {
            k: v for k, v in before.items() if k != "params"
        }


def test_an_heir_of_an_optimizer_steps_in_its_own_way() -> None:
    """It may not heed what a fused one does, and may change its rate by itself."""

    class Own(torch.optim.Adam):
        pass

    weight = nn.Parameter(torch.ones(4))
    optimizer = Own([weight], lr=0.1)
    CPU.place_optimizer(optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.1
    player = Player("generator", {"w": weight}, optimizer)
    for _ in range(3):
        player.set_rate(0.5)
        assert optimizer.param_groups[0]["lr"] == 0.05
        optimizer.param_groups[0]["lr"] /= 2
