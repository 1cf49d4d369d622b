"""Which weights move, at which rate, with which optimizer state."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo.components.networks import DiscriminatorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.recipe.model import Schedule
from gan_zoo.recipe.recipe import Recipe

Make = Callable[..., Recipe]
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def of(prefix: str, names: Any) -> set[str]:
    return {name for name in names if name.startswith(prefix)}


def learned(names: set[str]) -> set[str]:
    return {name for name in names if not name.endswith(STATISTICS)}


@pytest.mark.parametrize(
    ("train", "parts"),
    [
        (None, ["generator.", "discriminator."]),
        (["generator", "discriminator"], ["generator.", "discriminator."]),
        (["generator.decoder", "discriminator"], ["generator.decoder.", "discriminator."]),
        (["generator.encoder"], ["generator.encoder."]),
        (["discriminator"], ["discriminator."]),
    ],
)
def test_exactly_what_a_phase_trains_moves(
    tiny: Make, play: Any, differ: Any, train: list[str] | None, parts: list[str]
) -> None:
    game = play(tiny(only={"steps": 4, "train": train} if train else {"steps": 4}))
    before = game.weights()
    assert any(name.endswith("running_mean") for name in before)
    game.enter("only")
    for seed in range(2):
        game.step(seed)
    wanted = {name for part in parts for name in of(part, before)}
    assert differ(before, game.weights()) == wanted
    learns = {n for p in game.runner.players.values() for n in p.learns}
    assert learns == learned(wanted)


def test_what_rests_neither_moves_nor_holds_gradients_of_an_earlier_phase(
    tiny: Make, play: Any, differ: Any
) -> None:
    game = play(tiny(one={"steps": 2}, two={"steps": 2, "train": ["discriminator"]}))
    game.enter("one")
    game.step(0)
    before = game.weights()
    game.enter("two")
    game.step(1)
    assert differ(before, game.weights()) == of("discriminator.", before)
    assert all(p.grad is None for p in game.assembly.networks["generator"].parameters())


def test_a_part_learns_again_and_its_statistics_with_it(tiny: Make, play: Any, differ: Any) -> None:
    game = play(tiny(one={"steps": 2, "train": ["discriminator"]}, two={"steps": 2}))
    game.enter("one")
    game.step(0)
    before = game.weights()
    game.enter("two")
    game.step(1)
    assert differ(before, game.weights()) == set(before)


class Half(nn.Module):
    """A generator of two parts that can each play: what is coarse makes a picture by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3, affine=False))
        self.fine = nn.Sequential(nn.BatchNorm2d(3), spectral_norm(nn.Conv2d(3, 3, 3, padding=1)))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.fine(self.coarse(x)))


@pytest.fixture
def halved(tiny: Make, play: Any) -> Callable[..., Any]:
    def make(**phases: Any) -> Any:
        game = play(tiny(**phases))
        torch.manual_seed(3)
        game.assembly.networks["generator"] = Half()
        return game

    return make


def test_only_what_plays_moves(halved: Any, differ: Any) -> None:
    game = halved(one={"steps": 1, "play": "generator.coarse"}, two={"steps": 1})
    before = game.weights()
    runner = game.enter("one")
    assert runner.cast.networks["generator"] is game.assembly.networks["generator"].coarse
    game.step(0)
    changed = differ(before, game.weights())
    assert of("generator.", changed) == of("generator.coarse.", before)
    assert of("discriminator.", changed) == of("discriminator.", before)
    before = game.weights()
    game.enter("two")
    game.step(1)
    assert differ(before, game.weights()) == set(before)


def test_a_frozen_part_keeps_statistics_and_power_iterations(halved: Any, differ: Any) -> None:
    game = halved(
        one={"steps": 1, "train": ["generator.fine"]},
        two={"steps": 1, "train": ["generator.coarse"]},
    )
    for phase, part in (("one", "generator.fine."), ("two", "generator.coarse.")):
        before = game.weights()
        game.enter(phase)
        game.step(0)
        assert differ(before, game.weights()) == of(part, before)


def test_a_frozen_batch_norm_computes_as_before(tiny: Make, play: Any) -> None:
    """It goes on with the statistics of the batch, so freezing changes no picture."""
    terms = []
    for train in (["generator", "discriminator"], ["discriminator"]):
        game = play(tiny(only={"steps": 1, "train": train}))
        game.enter("only")
        terms.append(game.step(0))
    assert terms[0]["D_fake"] == terms[1]["D_fake"]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # the published programs: 5 + 5 epochs, the first at the full rate, the last at zero
        (
            {"hold": 4, "fall": 6},
            {1: 1, 2: 1, 3: 1, 4: 1, 5: 5 / 6, 6: 4 / 6, 7: 0.5, 8: 2 / 6, 9: 1 / 6, 10: 0},
        ),
        ({"hold": 99, "fall": 101}, {99: 1, 100: 100 / 101, 150: 50 / 101, 199: 1 / 101, 200: 0}),
        ({"hold": 101, "fall": 100}, {100: 1, 101: 1, 102: 0.99, 150: 0.51, 200: 0.01}),
        ({"hold": 100, "fall": 101}, {100: 1, 101: 100 / 101, 200: 1 / 101}),
        ({"hold": 0, "fall": 2}, {1: 0.5, 2: 0, 3: 0, 99: 0}),
    ],
)
def test_the_rate_is_a_pure_function_of_the_epoch(
    tiny: Make, play: Any, schedule: dict[str, int], expected: dict[int, float]
) -> None:
    runner = play(tiny(only={"epochs": 200, "schedule": schedule})).enter("only")
    for epoch in sorted(expected, reverse=True):  # no memory of epochs before
        runner.set_epoch(epoch)
        wanted = pytest.approx(2e-4 * expected[epoch], rel=1e-12)
        assert runner.rates() == {"generator": wanted, "discriminator": wanted}
    assert Schedule(**schedule).factor(1) == expected.get(1, 1)


def test_without_a_schedule_the_rate_is_constant(tiny: Make, play: Any) -> None:
    runner = play(tiny({"optimizers.discriminator.lr": 0.5})).enter("only")
    runner.set_epoch(1000)
    assert runner.rates() == {"generator": 2e-4, "discriminator": 0.5}


def test_optimizer_state_is_carried_or_fresh(tiny: Make, play: Any) -> None:
    fresh = {"steps": 2, "start": {"generator": "fresh"}}
    game = play(tiny(one={"steps": 2}, two=fresh))
    game.enter("one")
    for seed in range(3):
        game.step(seed)
    saved = copy.deepcopy(game.runner.remember())
    runner = game.enter("two")
    assert not game.memory.optimizers.get("generator")
    for name, state in game.memory.optimizers["discriminator"].items():
        for key, value in state.items():
            assert torch.equal(value, saved.optimizers["discriminator"][name][key])
    game.step(3)
    steps = {
        player.name: {float(player.optimizer.state[p]["step"]) for p in player.learns.values()}
        for player in runner.players.values()
    }
    assert steps == {"generator": {1.0}, "discriminator": {4.0}}


def test_a_fresh_start_is_that_of_a_new_optimizer(tiny: Make, play: Any) -> None:
    """Adam's first step moves every weight that has a gradient by the rate, whatever was before."""
    phases = {"one": {"steps": 2}, "two": {"steps": 2, "start": {"generator": "fresh"}}}
    game = play(tiny(**phases), "float64")
    game.enter("one")
    for seed in range(3):
        game.step(seed)
    before = game.weights()
    game.enter("two")
    game.step(3)
    name = "generator.decoder.2.conv.weight"
    step = (game.weights()[name] - before[name]).abs()
    torch.testing.assert_close(step, torch.full_like(step, 2e-4), rtol=1e-3, atol=0)


def test_state_of_what_rests_is_kept_for_later(tiny: Make, play: Any) -> None:
    rest = {"steps": 1, "train": ["discriminator"]}
    game = play(tiny(one={"steps": 1}, two=rest, three={"steps": 1}))
    game.enter("one")
    game.step(0)
    game.runner.remember()
    game.enter("two")
    game.step(1)
    game.runner.remember()
    runner = game.enter("three")
    game.step(2)
    counts = {
        player.name: {float(player.optimizer.state[p]["step"]) for p in player.learns.values()}
        for player in runner.players.values()
    }
    assert counts == {"generator": {2.0}, "discriminator": {3.0}}


def test_timing_a_step_changes_no_number(tiny: Make, play: Any, differ: Any, noise: Any) -> None:
    timed, untimed = play(tiny()), play(tiny())
    results = []
    for game in (untimed, timed):
        torch.manual_seed(0)
        game.enter("only")
        terms = []
        for seed in range(3):
            if game is timed:
                assert game.runner.seconds_a_step([noise(9)]) > 0
            terms.append(game.step(seed))
        results.append((terms, torch.get_rng_state()))
    assert results[0][0] == results[1][0]
    assert torch.equal(results[0][1], results[1][1])
    assert not differ(untimed.weights(), timed.weights())
    assert timed.runner.remember().optimizers.keys() == untimed.runner.remember().optimizers.keys()


def test_what_a_phase_sets_holds_in_it_alone(tiny: Make, play: Any) -> None:
    game = play(tiny(one={"steps": 1, "set": {"losses.l1.weight": 0}}, two={"steps": 1}))
    game.enter("one")
    assert game.step(0)["G_L1"] == 0
    game.enter("two")
    assert game.step(0)["G_L1"] > 1


class Stack(nn.Module):
    """Judges with some of its layers."""

    def __init__(self, layers: nn.ModuleList) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        here = torch.cat([condition, picture], dim=1)
        maps = [here := layer(here) for layer in self.layers]
        return [[*maps, here.mean(dim=1, keepdim=True)]]


class StackSpec(DiscriminatorSpec, name="stack"):
    per_phase = frozenset({"plays"})

    plays: int = 3

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Stack(nn.ModuleList(nn.Conv2d(6, 6, 1) for _ in range(3)))

    def playing_part(self, module: nn.Module) -> nn.Module:
        layers = module.layers
        assert isinstance(layers, nn.ModuleList)
        return Stack(layers[: self.plays])

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        return [[wanted.with_channels(6)] * self.plays + [wanted.with_channels(1)]]

    def receptive_field(self) -> int:
        return 1


@pytest.mark.parametrize("train", [None, ["discriminator"]])
def test_an_option_of_a_phase_says_what_plays_and_learns(
    tiny: Make, play: Any, differ: Any, monkeypatch: pytest.MonkeyPatch, train: Any
) -> None:
    wanted = {"one": 1, "two": 2, "three": 3}
    phases = {name: {"steps": 1, **({"train": train} if train else {})} for name in wanted}
    recipe = tiny(**phases).model_copy(update={"discriminator": StackSpec()})

    def in_phase(self: Recipe, name: str, zoo: Any = None) -> Recipe:
        return self.model_copy(update={"discriminator": StackSpec(plays=wanted[name])})

    monkeypatch.setattr(Recipe, "in_phase", in_phase)
    game = play(recipe)
    for name, count in wanted.items():
        before = game.weights()
        runner = game.enter(name)
        ours = runner.cast.networks["discriminator"]
        assert len(ours.layers) == count
        assert ours.layers[0] is game.assembly.networks["discriminator"].layers[0]
        game.step(0)
        layers = {f"discriminator.layers.{n}.{w}" for n in range(count) for w in ("weight", "bias")}
        assert of("discriminator.", differ(before, game.weights())) == layers
        assert set(runner.players["discriminator"].learns) == layers
