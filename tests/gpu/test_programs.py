"""Compiled and recorded steps on a GPU: the numbers of steps as ever, whatever happens between two
of them, in every phase, after a stop too; and what cannot be recorded is refused in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from gan_zoo.components.learning import LossSpec
from gan_zoo.components.scene import Scene, Term
from gan_zoo.components.user_cache import VARIABLE
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision, deterministic, generator_states
from gan_zoo.engine.settling import settle
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume, train
from tests.engine.test_step_graph import REFUSED, restless
from tests.gpu.test_zoo import TINY, losses

DEVICE = "cuda"

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),
]

SMALL: dict[str, Any] = {
    "data.load": None,
    "data.crop": [64, 64],
    "data.batch": 2,
    "generator.width": 8,
    "generator.depth": 5,
    "generator.dropout": "paper",
    "discriminator.width": 8,
}
TURNS = ("alternate", "simultaneous")
STEPS = 8  # recorded from the fifth on: the first is another kind, and three of a kind come first
FALLING = (1, 1, 1, 60, 60, 120, 150, 180)  # the epochs they are taken in


@pytest.fixture(autouse=True)
def _exact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No TF32, whose 10 bits would hide a mistake, and a cache of one's own."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    yield
    torch.compiler.reset()


class Played(NamedTuple):
    """What steps came to: terms and largest gradients of each, and all that is left of them."""

    numbers: list[tuple[dict[str, float], dict[str, float]]]
    state: dict[str, Tensor]
    drawn: Tensor
    recordings: int


def pix2pix(**words: Any) -> Recipe:
    named = {name.replace("__", "."): value for name, value in words.items()}
    return Recipe.load("pix2pix", set={**SMALL, "callbacks": None, **named})


def maps(seed: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    shape = (2, 3, 64, 64)
    return {
        name: torch.randint(0, 256, shape, dtype=torch.uint8, generator=draw)
        for name in ("source", "target")
    }


def play(
    recipe: Recipe,
    *,
    epochs: tuple[int, ...] = FALLING,
    same: bool = False,
    exact: bool = True,
    **words: Any,
) -> Played:
    """A step in each epoch.

    Args:
        recipe: Whose.
        epochs: Their learning rates.
        same: Whether every step is given the same pictures.
        exact: Whether what differs from time to time is refused.
        words: As of `Precision.of`.
    """
    torch.manual_seed(0)
    runner = PhaseRunner(assemble(recipe), "main", Precision.of(device=DEVICE, **words))
    runner.begin()
    numbers = []
    with deterministic(exact):
        settled = settle(runner, [maps(0)])
        assert bool(settled.compiled) == (runner.precision.compile != "off"), settled.lines
        for number, epoch in enumerate(epochs):
            runner.set_epoch(epoch)
            ledger = runner.step([maps(0 if same else number)], number)
            numbers.append((ledger.numbers(), ledger.gradients()))
    state = {
        f"{network}.{name}": tensor.cpu()
        for network, module in runner.networks.items()
        for name, tensor in module.state_dict().items()
    }
    for player, moments in runner.remember().optimizers.items():
        for name, one in moments.items():
            state |= {f"{player} {name} {key}": value.cpu() for key, value in one.items()}
    drawn = generator_states(torch.device(DEVICE))
    recordings = 0 if runner.recorded is None else len(runner.recorded)
    return Played(numbers, state, drawn[torch.device(DEVICE).type], recordings)


def assert_equal(ours: Played, theirs: Played) -> None:
    """To the bit, and the next numbers that are drawn are the same."""
    assert ours.numbers == theirs.numbers
    assert ours.state.keys() == theirs.state.keys()
    for name, tensor in theirs.state.items():
        assert torch.equal(ours.state[name], tensor), name
    assert torch.equal(ours.drawn, theirs.drawn)


# ---------------------------------------------------------------------- compiled


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("how", ["networks", "blocks"])
@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-9), ("float32", 2e-3)])
def test_compiled_steps_give_the_losses_of_others(
    how: str, precision: str, tolerance: float, turns: str
) -> None:
    """Dropout is on, so that other draws would be other losses."""
    recipe = pix2pix(method__turns=turns)
    theirs, ours = (
        play(recipe, epochs=(1, 1, 150), exact=False, precision=precision, compile=compile)
        for compile in ("off", how)
    )
    for (terms, _), (wanted, _) in zip(ours.numbers, theirs.numbers, strict=True):
        assert terms == pytest.approx(wanted, rel=tolerance)
    assert torch.equal(ours.drawn, theirs.drawn)
    if precision == "float64":
        for name, tensor in theirs.state.items():
            torch.testing.assert_close(ours.state[name], tensor, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_compiled_steps_in_half_are_near_others(layout: str) -> None:
    words = {"precision": "bfloat16", "memory_format": layout}
    recipe = pix2pix(generator__dropout="none", discriminator__norm="instance")
    theirs, ours = (
        play(recipe, epochs=(1, 1, 1), exact=False, compile=compile, **words)
        for compile in ("off", "networks")
    )
    for (terms, _), (wanted, _) in zip(ours.numbers, theirs.numbers, strict=True):
        assert terms == pytest.approx(wanted, rel=0.05)


# ---------------------------------------------------------------------- recorded


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("precision", ["float64", "float32", "bfloat16"])
def test_recorded_steps_are_the_steps_to_the_bit(precision: str, turns: str) -> None:
    """Dropout is on, and the rates change between steps that were recorded."""
    recipe = pix2pix(method__turns=turns)
    theirs, ours = (
        play(recipe, precision=precision, compile="off", graphs=graphs) for graphs in ("off", "on")
    )
    assert (theirs.recordings, ours.recordings) == (0, 1)
    assert_equal(ours, theirs)


@pytest.mark.parametrize("how", ["networks", "blocks"])
def test_compiled_steps_are_recorded_as_they_are(how: str) -> None:
    recipe = pix2pix(method__turns="simultaneous")
    theirs, ours = (
        play(recipe, precision="bfloat16", compile=how, graphs=graphs) for graphs in ("off", "on")
    )
    assert ours.recordings == 1
    assert_equal(ours, theirs)


def test_what_is_due_now_and_then_is_recorded_apart() -> None:
    recipe = pix2pix(losses__penalty={"use": "r1", "every": 3}, discriminator__norm="instance")
    epochs = tuple(range(1, 19))
    theirs, ours = (
        play(recipe, epochs=epochs, precision="float32", graphs=graphs) for graphs in ("off", "on")
    )
    assert ours.recordings == 2
    assert_equal(ours, theirs)


def test_dropout_is_drawn_anew_at_every_replay() -> None:
    """The same pictures and, at a rate of 0, the same weights: noise alone tells steps apart."""
    recipe = pix2pix()
    still = (200,) * STEPS
    theirs, ours = (
        play(recipe, epochs=still, same=True, precision="float32", graphs=graphs)
        for graphs in ("off", "on")
    )
    assert ours.recordings == 1
    assert len({terms["G_L1"] for terms, _ in ours.numbers}) == STEPS
    assert_equal(ours, theirs)


def test_a_recorded_step_follows_what_is_computed_between(tmp_path: Path) -> None:
    """Health listens to steps in which nobody moves, and pictures are scored."""
    runs = []
    for graphs in ("off", "on"):
        words = {
            "generator.width": 8,
            "discriminator.width": 8,
            "phases.main": {"epochs": None, "steps": 24, "schedule": None},
            "callbacks": {"previews": None, "health": {"split": "val"}},
            "validation.every": 1,
        }
        engine = {"device": DEVICE, "deterministic": True, "log_every": 4, "graphs": graphs}
        words |= {f"engine.{name}": value for name, value in engine.items()}
        recipe = Recipe.load("quickstart", set=words)
        runs.append(train(recipe, tmp_path / graphs, reporter=Reporter(quiet=True)).path)
    assert losses(runs[0]) == losses(runs[1])
    assert_equal_runs(*runs, networks=("generator", "discriminator"))


# ---------------------------------------------------------------------- all phases, and stops


PHASES = {
    **TINY,
    "phases.coarse": {"epochs": None, "steps": STEPS, "schedule": {"hold": 1, "fall": 4}},
    "phases.enhance": {"epochs": None, "steps": STEPS},
    "phases.joint": {"epochs": None, "steps": STEPS, "schedule": None},
}
PROGRAMS: dict[str, dict[str, Any]] = {
    "compiled": {"compile": "networks"},
    "recorded": {"graphs": "on"},
    "both": {"compile": "networks", "graphs": "on"},
}


def hd(folder: Path, **engine: Any) -> Path:
    """The small pix2pixHD through its three phases: the coarse generator learns, rests, learns."""
    words = {f"engine.{name}": value for name, value in {"device": DEVICE, **engine}.items()}
    recipe = Recipe.load("quickstart_hd", set={**PHASES, **words})
    return train(recipe, folder, reporter=Reporter(quiet=True)).path


def assert_equal_runs(
    ours: Path, theirs: Path, networks: tuple[str, ...] = ("generator", "conditions.texture")
) -> None:
    for name in networks:
        mine, wanted = (RunFolder.open(run).load_weights("latest", name) for run in (ours, theirs))
        for key, tensor in wanted.items():
            assert torch.equal(mine[key], tensor), f"{name}.{key}"


@pytest.mark.parametrize("how", PROGRAMS)
def test_all_phases_give_the_losses_of_steps_as_ever(tmp_path: Path, how: str) -> None:
    """Who rested when its network was compiled learns later, or its losses would stay."""
    theirs = losses(hd(tmp_path / "plain", precision="float64"))
    ours = losses(hd(tmp_path / how, precision="float64", **PROGRAMS[how]))
    assert len(theirs) == len(ours) == 3 * STEPS
    for terms, wanted in zip(ours, theirs, strict=True):
        assert terms == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("how", PROGRAMS)
def test_a_stop_in_any_phase_changes_no_bit(tmp_path: Path, how: str) -> None:
    """Before a step was recorded and after, in each phase."""
    whole = hd(tmp_path / "whole", deterministic=True, **PROGRAMS[how])
    recipe = RunFolder.open(whole).recipe()
    cut = train(recipe, tmp_path / "cut", steps=6, reporter=Reporter(quiet=True)).path
    for last in (10, 15, 19, "all"):
        resume(cut, steps=last, reporter=Reporter(quiet=True))  # type: ignore[arg-type]
    assert losses(cut) == losses(whole)
    assert_equal_runs(cut, whole)
    if how == "recorded":  # which is no other computation
        assert_equal_runs(hd(tmp_path / "plain", deterministic=True), whole)


# ---------------------------------------------------------------------- what is refused


class Drawing:
    """A loss of somebody else, which draws on the host and waits for nobody."""

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        if player == "generator":
            yield Term("G_own", scene["fake"].square().mean(), float(torch.rand(())))


class DrawingSpec(LossSpec, name="drawing"):
    def needs(self) -> dict[str, frozenset[str]]:
        return {"generator": frozenset({"fake"})}

    def build(self) -> Any:
        return Drawing()


def assert_refused(recipe: Recipe, told: str) -> None:
    """In words, and nothing was learned."""
    torch.manual_seed(0)
    runner = PhaseRunner(assemble(recipe), "main", Precision.of(device=DEVICE, graphs="on"))
    runner.begin()
    before = {
        f"{network}.{name}": tensor.clone()
        for network, module in runner.networks.items()
        for name, tensor in module.state_dict().items()
    }
    with pytest.raises(UserError) as caught:
        settle(runner, [maps(0)])
    assert "a step of phase main is not the same work every time:\n" in str(caught.value)
    assert f"\n  {told}" in str(caught.value)
    assert str(caught.value).endswith("\nUse engine.graphs: off, which takes steps as ever")
    for network, module in runner.networks.items():
        for name, tensor in module.state_dict().items():
            assert torch.equal(before[f"{network}.{name}"], tensor)


@pytest.mark.parametrize("how", REFUSED)
def test_a_step_that_is_another_one_every_time_is_refused(how: str) -> None:
    assert_refused(restless(pix2pix(), how), REFUSED[how])


def test_a_step_that_waits_for_the_device_is_refused() -> None:
    assert_refused(restless(pix2pix(), "waits"), "it waits for the device: ")


def test_a_step_that_draws_on_the_host_is_refused() -> None:
    recipe = pix2pix()
    drawing = recipe.model_copy(update={"losses": {**recipe.losses, "own": DrawingSpec()}})
    assert_refused(drawing, "it draws numbers from torch's generator on the CPU")


def test_a_run_is_refused_before_it_learns(tmp_path: Path) -> None:
    words = {"method.pool": 3, "engine.graphs": "on", "engine.device": DEVICE}
    recipe = Recipe.load("quickstart", set={**words, "generator.width": 8, "callbacks": None})
    with pytest.raises(UserError, match="its method remembers what steps made, in Python"):
        train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    log = tmp_path / "run" / "log.jsonl"
    assert not log.exists() or not [*map(json.loads, log.read_text().splitlines())]
