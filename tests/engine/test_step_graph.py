"""A recorded step is the step: the same numbers to the bit, whatever changes between two of them;
and what is not the same work every time is not recorded.
"""

from __future__ import annotations

import gc
import random
import re
import weakref
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.components.learning import LossSpec
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.scene import Scene, Term
from gan_zoo.components.shapes import Image
from gan_zoo.engine import step_graph
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.settling import settle
from gan_zoo.engine.step_graph import MOST, WARM
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from tests.engine.conftest import Player, maps
from tests.engine.tape import TapeRecorder

Make = Callable[..., Recipe]
STEPS = 9
STILL = {"generator.dropout": "none"}  # for games that take steps in turn


@pytest.fixture(autouse=True)
def recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(step_graph.RECORDERS, "cpu", TapeRecorder)


class Game(Player):
    """Plays a recipe as it stands, or with recorded steps."""

    def __init__(self, recipe: Recipe, *, records: bool, precision: str = "float32") -> None:
        super().__init__(recipe)
        words = {"precision": precision, "graphs": "on" if records else "off"}
        self.precision = type(self.precision).of(**{**recipe.engine.computing, **words})

    def play(self, phase: str = "only", steps: int = STEPS, *, batch: int = 2) -> list[Any]:
        """Each step's losses, and what torch's generator drew up to it."""
        torch.manual_seed(self.recipe.seed)
        runner = self.enter(phase)
        accumulate = runner.recipe.engine.accumulate
        at = [maps(seed, batch=batch) for seed in range(accumulate)]
        assert settle(runner, at).recorded == (self.precision.graphs == "on")
        found = []
        for number in range(steps):
            runner.set_epoch(1 + number // 2)
            batches = [maps(10 * number + n, batch=batch) for n in range(accumulate)]
            ledger = runner.step(batches, number)
            found.append((ledger.numbers(), ledger.gradients(), torch.rand(1).item()))
        return found


def both(recipe: Recipe, **more: Any) -> tuple[Game, Game]:
    return Game(recipe, records=False, **more), Game(recipe, records=True, **more)


def assert_equal(ours: Game, theirs: Game) -> None:
    for name, tensor in theirs.weights().items():
        assert torch.equal(ours.weights()[name], tensor), name
    mine = ours.runner.remember().optimizers
    for player, states in theirs.runner.remember().optimizers.items():
        for name, state in states.items():
            for key, value in state.items():
                assert torch.equal(mine[player][name][key], value)


PENALTY = {"losses.penalty": {"use": "r1", "every": 3}}
TOGETHER = {"method.turns": "simultaneous"}
WORDS: dict[str, dict[str, Any]] = {
    "alternate": {},
    "simultaneous": TOGETHER,
    "separate views": {"method.turns": "simultaneous", "engine.share_views": False},
    "generator first": {"method.turns": "generator_first"},
    "batches of half the size": {"method.turns": "simultaneous", "engine.accumulate": 2},
    "spectral norm": {"discriminator.spectral": True},
    "sgd": {"optimizers.generator": {"use": "sgd", "lr": 0.01, "momentum": 0.9}},
    "penalty": {"losses.penalty": {"use": "gradient_penalty"}},
    "augment": {"method.augment": ["color", "translation", "cutout"], **TOGETHER},
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_recorded_step_is_the_step(tiny: Make, words: dict[str, Any]) -> None:
    schedule = {"steps": STEPS, "schedule": {"hold": 1, "fall": 8}}
    theirs, ours = both(tiny(words, only=schedule))
    assert ours.play() == theirs.play()
    assert ours.runner.recorded is not None
    assert len(ours.runner.recorded) == 1
    assert_equal(ours, theirs)


@pytest.mark.parametrize("precision", ["float64", "bfloat16"])
def test_in_other_numbers(tiny: Make, precision: str) -> None:
    theirs, ours = both(tiny(), precision=precision)
    assert ours.play() == theirs.play()
    assert_equal(ours, theirs)


def test_what_is_due_now_and_then_is_a_step_of_its_own(tiny: Make) -> None:
    theirs, ours = both(tiny(PENALTY))
    told, wanted = ours.play(steps=16), theirs.play(steps=16)
    assert told == wanted
    assert ["D_R1" in terms for terms, _, _ in told] == [n % 3 == 0 for n in range(16)]
    assert ours.runner.recorded is not None
    assert len(ours.runner.recorded) == 2
    assert_equal(ours, theirs)
    seen = ours.runner.recorded._seen  # the very first step reaches what was never reached
    assert sorted(seen.values()) == [1, WARM + 1, WARM + 1]


def test_phases_record_for_themselves(tiny: Make) -> None:
    one, all_of_it = {"steps": 6, "train": ["discriminator"]}, {"steps": 6}
    theirs, ours = both(tiny(first=one, second=all_of_it))
    for phase in ("first", "second"):
        assert ours.play(phase, 6) == theirs.play(phase, 6)
    assert_equal(ours, theirs)


def test_steps_of_other_shapes_are_recorded_apart_up_to_a_number(tiny: Make) -> None:
    theirs, ours = both(tiny(STILL))
    runners = [game.enter("only") for game in (theirs, ours)]
    for runner in runners:
        settle(runner, [maps(0)])
    for batch in range(1, MOST + 2):
        for seed in range(WARM + 2):
            told = [runner.step([maps(seed, batch=batch)]).numbers() for runner in runners]
            assert told[0] == told[1]
    assert runners[1].recorded is not None
    assert len(runners[1].recorded) == MOST
    assert_equal(ours, theirs)


def test_no_step_follows_one_that_is_no_number(tiny: Make) -> None:
    """The flag is read and written where it lies."""
    theirs, ours = both(tiny(STILL))
    for game in (theirs, ours):
        game.play()
        bias = next(iter(game.runner.players["generator"].learns.values()))
        before = bias.detach().clone()
        with torch.no_grad():
            bias[0].fill_(float("nan"))
        for number in (20, 21):
            ledger = game.runner.step([maps(number)], number)
            assert not all(value == value for value in ledger.gradients().values())
        with torch.no_grad():
            bias.copy_(before)
        stays = game.weights()
        game.runner.step([maps(22)], 22)
        assert (
            not game.weights().keys()
            - {name for name, tensor in game.weights().items() if torch.equal(tensor, stays[name])}
            - {name for name in stays if "running" in name or "num_batches" in name}
        )
    assert ours.runner.recorded is not None
    assert len(ours.runner.recorded) == 1


def test_other_tensors_are_recorded_anew(tiny: Make) -> None:
    theirs, ours = both(tiny(STILL))
    for game in (theirs, ours):
        game.play()
        learned = next(iter(game.runner.players["generator"].learns.values()))
        learned.data = learned.data * 0.5
    for number in range(3):
        told = [game.runner.step([maps(number)], number).numbers() for game in (theirs, ours)]
        assert told[0] == told[1]
    assert_equal(ours, theirs)


# ---------------------------------------------------------------------- what is not recorded


class Restless:
    """A loss of somebody else, which is another one every time."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.count = 0
        self.helper = SimpleNamespace(count=0)
        self.mean = torch.zeros(())

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        if player != "generator":
            return
        factor = 1.0
        if self.how == "step":
            factor = scene["step"] / 100
        elif self.how == "counts":
            self.count += 1
        elif self.how == "helper counts":
            self.helper.count += 1
        elif self.how == "draws":
            factor = random.random()
        elif self.how == "other tensor":
            self.mean = self.mean * 0.9 + scene["fake"].detach().mean()
        elif self.how == "undue step" and not scene.is_due(4):
            factor = scene["step"] / 100
        elif self.how == "waits":
            factor = scene["fake"].mean().item()
        yield Term("G_restless", scene["fake"].square().mean(), factor)


class RestlessSpec(LossSpec, name="restless"):
    how: str

    def needs(self) -> dict[str, frozenset[str]]:
        return {"generator": frozenset({"fake"})}

    def build(self) -> Any:
        return Restless(self.how)


def restless(recipe: Recipe, how: str) -> Recipe:
    return recipe.model_copy(update={"losses": {**recipe.losses, "own": RestlessSpec(how=how)}})


REFUSED = {
    "step": "it reads the number of the step; scene.is_due(every) says what is due",
    "counts": "it changes losses.own.count from step to step",
    "helper counts": "it changes losses.own.helper from step to step",
    "draws": "it draws numbers from random",
    "other tensor": "it changes losses.own.mean from step to step",
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_is_another_step_every_time_is_refused(tiny: Make, how: str) -> None:
    game = Game(restless(tiny(), how), records=True)
    runner = game.enter("only")
    before = game.weights()
    with pytest.raises(UserError) as caught:
        settle(runner, [maps(0)])
    assert str(caught.value) == (
        "engine.graphs: on came, and a step of phase only is not the same work every time:\n"
        f"  {REFUSED[how]}\nUse engine.graphs: off, which takes steps as ever"
    )
    assert all(torch.equal(tensor, before[name]) for name, tensor in game.weights().items())


def test_what_only_some_steps_do_is_refused_before_they_are_recorded(tiny: Make) -> None:
    game = Game(restless(tiny(), "undue step"), records=True)
    runner = game.enter("only")
    settle(runner, [maps(0)])  # is due, and reads nothing
    with pytest.raises(UserError, match=r"it reads the number of the step; scene\.is_due"):
        _ = [runner.step([maps(number)], number) for number in range(3 * WARM)]
    assert runner.recorded is not None
    assert len(runner.recorded) == 0


class Forgetful(nn.Module):
    """A network whose buffer is another one after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.mean = self.mean * 0.9 + x.detach().mean()
        return torch.tanh(self.layer(x)) * (1 + self.mean)


class ForgetfulSpec(GeneratorSpec, name="forgetful"):
    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Forgetful()


def test_a_buffer_that_is_another_one_is_refused_and_put_back(tiny: Make) -> None:
    game = Game(tiny().model_copy(update={"generator": ForgetfulSpec()}), records=True)
    runner = game.enter("only")
    generator: Any = runner.networks["generator"]
    before = generator.mean
    with pytest.raises(UserError, match=r"changes generator\._buffers from step to step"):
        settle(runner, [maps(0)])
    assert generator.mean is before
    assert generator.mean == 0


def test_an_optimizer_that_steps_by_itself_is_refused(tiny: Make) -> None:
    """Its rate is a number of Python, which a recording would keep."""
    game = Game(tiny(), records=True)
    runner = game.enter("only")
    player = runner.players["generator"]
    player.optimizer = torch.optim.Adam(player.learns.values(), lr=1e-3, fused=True)
    with pytest.raises(UserError, match="the optimizer of the generator counts its steps"):
        settle(runner, [maps(0)])


def test_a_phase_that_is_over_holds_no_recording(tiny: Make) -> None:
    game = Game(tiny(), records=True)
    game.play()
    held = weakref.ref(game.runner.recorded)
    gc.disable()
    try:
        game.runner.end()
        assert held() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"method.pool": 3}, "its method remembers what steps made, in Python"),
        ({"engine.accumulate": 2}, "it makes forwards anew, by the state of torch's generators"),
        ({"engine.recompute": ["generator"]}, "engine.recompute makes forwards anew"),
        ({"engine.precision": "float16"}, "float16 scales losses by what the host reads"),
    ],
    ids=["pool", "accumulate", "recompute", "float16"],
)
def test_words_that_are_not_recorded(tiny: Make, words: dict[str, Any], told: str) -> None:
    recipe = tiny(words)
    game = Game(recipe, records=True, precision=recipe.engine.precision)
    with pytest.raises(UserError, match=re.escape(told)):
        settle(game.enter("only"), [maps(n) for n in range(recipe.engine.accumulate)])


def test_whoever_waits_is_told(tiny: Make) -> None:
    game = Game(restless(tiny(), "waits"), records=True)
    runner: PhaseRunner = game.enter("only")
    settle(runner, [maps(0)])
    for number in range(1 + WARM):  # the first one reaches what was never reached: another kind
        runner.step([maps(number)], number)
    with pytest.raises(UserError, match=r"this step cannot be recorded: aten\._local"):
        runner.step([maps(9)], 9)
    before: dict[str, Tensor] = game.weights()
    assert isinstance(runner.networks["generator"], nn.Module)
    assert all(tensor.isfinite().all() for tensor in before.values() if tensor.is_floating_point())
