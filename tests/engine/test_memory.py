"""Less memory, the same numbers: accumulation and recomputation."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.loader import Plan
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.recompute import segments
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.training.run import resume, train
from gan_zoo_discriminators.single_specs import PatchSpec

Make = Callable[..., Recipe]

DOUBLE = Precision(torch.device("cpu"), "float64", "contiguous")
PLAIN = {"generator.norm": "instance", "discriminator.norm": "instance"}
TURNS = pytest.mark.parametrize("turns", ["alternate", "simultaneous"])


def begun(recipe: Recipe) -> PhaseRunner:
    torch.manual_seed(0)
    runner = PhaseRunner(assemble(recipe), "only", DOUBLE)
    runner.begin()
    return runner


def split(batch: dict[str, Any], *sizes: int) -> list[dict[str, Any]]:
    parts = {name: tensor.split(sizes) for name, tensor in batch.items()}
    return [{name: parts[name][n] for name in parts} for n in range(len(sizes))]


def weights(runner: PhaseRunner) -> dict[str, torch.Tensor]:
    return {
        f"{name}.{key}": tensor.clone()
        for name, net in runner.cast.networks.items()
        for key, tensor in net.state_dict().items()
    }


# ---------------------------------------------------------------------------------- accumulate


@TURNS
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (3, 1)])
def test_small_batches_add_up_to_a_large_one(
    tiny: Make, noise: Any, turns: str, sizes: tuple[int, ...]
) -> None:
    recipe = tiny({**PLAIN, "generator.dropout": "none", "method.turns": turns})
    whole, parts = begun(recipe), begun(recipe)
    for seed in range(3):
        batch = noise(seed, batch=4)
        once, added = whole.step([batch]), parts.step(split(batch, *sizes))
        assert added.numbers() == pytest.approx(once.numbers(), rel=1e-11)
    for name, tensor in weights(whole).items():
        torch.testing.assert_close(weights(parts)[name], tensor, rtol=1e-7, atol=1e-10)


@TURNS
def test_many_small_batches_take_the_memory_of_two(tiny: Make, turns: str) -> None:
    """One micro-batch is on the device at a time, with its maps: the others lie where they were
    read. (One alone takes less: its fake is made once.)
    """
    large = {**PLAIN, "data.load": [128, 128], "data.crop": [128, 128], "method.turns": turns}
    peaks = [
        rehearse(tiny({**large, "data.batch": 4, "engine.accumulate": count}))[0].peak_bytes
        for count in (2, 16)
    ]
    maps = 4 * 2 * 3 * 128 * 128 * 4  # bytes of a micro-batch's source and target
    assert peaks[1] - peaks[0] < maps / 10
    assert peaks[0] > maps


def test_maps_of_a_micro_batch_leave_the_device_with_it(tiny: Make, noise: Any) -> None:
    """Counted where they arrive: one micro-batch is let go of before the next is asked for."""
    runner, alive = begun(tiny(PLAIN)), list[weakref.ref[torch.Tensor]]()
    most, receive = 0, type(DOUBLE).receive

    def counted(precision: Precision, maps: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        nonlocal most
        made = receive(precision, maps)
        alive.extend(weakref.ref(tensor) for tensor in made.values())
        most = max(most, sum(one() is not None for one in alive))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Precision, "receive", counted)
        runner.step([noise(seed) for seed in range(5)])
    assert most == 2  # source and target of one
    assert len(alive) == 2 * 2 * 5  # in the turn of each player


def test_the_generator_draws_the_same_noise_again(tiny: Make, noise: Any) -> None:
    runner = begun(tiny(PLAIN))  # with dropout
    made: list[torch.Tensor] = []
    runner.cast.networks["generator"].register_forward_hook(lambda m, i, o: made.append(o.detach()))
    runner.step([noise(0), noise(1)])
    first, second, again, anew = made
    assert torch.equal(first, again)
    assert torch.equal(second, anew)
    assert not torch.equal(first, second)


def test_statistics_move_once_a_batch(tiny: Make, noise: Any) -> None:
    runner = begun(tiny({"generator.dropout": "none"}))
    runner.step([noise(0), noise(1), noise(2)])
    counted = {
        name: int(tensor)
        for name, tensor in runner.cast.networks["generator"].state_dict().items()
        if name.endswith("num_batches_tracked")
    }
    assert counted
    assert set(counted.values()) == {3}


def test_one_batch_at_a_time_holds_a_graph(tiny: Make, noise: Any) -> None:
    runner, graphs = begun(tiny()), []
    generator = runner.cast.networks["generator"]
    generator.register_forward_hook(lambda m, i, o: graphs.append(o.requires_grad))
    runner.step([noise(0), noise(1)])
    assert graphs == [False, False, True, True]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [(12, [3, 3]), (13, [3, 3, 1]), (10, [3, 2]), (11, [3, 3]), (2, [1])],
)
def test_a_pass_in_steps_of_three_batches_of_two(samples: int, expected: list[int]) -> None:
    plan = Plan(samples, 2, seed=1, first_pass=0, accumulate=3)
    assert plan.steps_a_pass == len(expected)
    assert [plan.batches_of(n) for n in range(plan.steps_a_pass)] == expected
    drawn = list(plan.draws(0, plan.steps_a_pass))
    assert len(drawn) == sum(expected)
    assert sorted(index for batch in drawn for _, index in batch) == list(range(samples))
    middle = list(plan.draws(1, 2 * plan.steps_a_pass))
    assert middle[: len(drawn) - expected[0]] == drawn[expected[0] :]


def test_a_run_accumulates_and_resumes_to_the_same_weights(tiny: Make, tmp_path: Any) -> None:
    recipe = Recipe.load(
        "quickstart",
        set={
            "data.batch": 3,
            "data.workers": 0,
            "generator.width": 2,
            "generator.depth": 3,
            "discriminator.width": 2,
            "engine.accumulate": 2,
            "engine.device": "cpu",
            "callbacks": None,
            "validation": None,
            "phases.main.epochs": None,
            "phases.main.steps": 5,
        },
    )
    whole = train(recipe, tmp_path / "whole", reporter=Reporter(quiet=True))
    half = train(recipe, tmp_path / "half", steps=2, reporter=Reporter(quiet=True))
    resume(half.path, steps="all", reporter=Reporter(quiet=True))
    for network in ("generator", "discriminator"):
        one, other = (run.load_weights("latest", network) for run in (whole, half))
        assert all(torch.equal(one[key], other[key]) for key in one)
    assert "in 2 x batches of 3" in whole.text_log.read_text()


# ---------------------------------------------------------------------------------- recompute


@TURNS
@pytest.mark.parametrize("players", [["generator"], ["discriminator"], None])
def test_recomputing_changes_no_bit(
    tiny: Make, noise: Any, turns: str, players: list[str] | None
) -> None:
    names = players or ["generator", "discriminator"]
    changes = {"method.turns": turns}  # batch norm, whose statistics move once; dropout
    kept, anew = begun(tiny(changes)), begun(tiny({**changes, "engine.recompute": names}))
    for seed in range(3):
        terms = []
        for runner in (kept, anew):
            torch.manual_seed(seed)
            terms.append(runner.step([noise(seed)]).numbers())
        assert terms[0] == terms[1]
    before = weights(kept)
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(anew).items())


def test_recomputing_holds_less(tiny: Make) -> None:
    wide = {"data.load": [64, 64], "data.crop": [64, 64], "generator.width": 8}
    peaks = [
        rehearse(tiny({**wide, "engine.recompute": names}))[0].peak_bytes
        for names in ([], ["generator", "discriminator"])
    ]
    assert peaks[1] < 0.85 * peaks[0]


def test_a_later_phase_keeps_everything_again(tiny: Make, play: Any) -> None:
    first = {"steps": 1, "set": {"engine.recompute": ["generator"]}}
    game = play(tiny(one=first, two={"steps": 1}))
    found = []
    for phase in ("one", "two"):
        game.enter(phase)
        game.step(0)
        layers = game.assembly.networks["generator"].modules()
        found.append(sum("forward" in layer.__dict__ for layer in layers))
    assert found[0] > 0
    assert found[1] == 0


def test_segments_are_the_blocks_of_a_network() -> None:
    def block() -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.levels = nn.ModuleList([block(), nn.Sequential(block(), block())])
            self.head = nn.Conv2d(1, 1, 1)
            self.tail = block()

    network: Any = Network()
    nested = network.levels[1]
    assert list(segments(network)) == [network.levels[0], nested[0], nested[1], network.tail]


def test_spectral_norm_leaves_segments_as_they_are() -> None:
    """Its parametrizations are modules too, but no blocks."""
    picture = Image(3, 64, 64)
    plain, bound = (
        PatchSpec(width=4, spectral=spectral).build(picture, picture) for spectral in (False, True)
    )
    assert len(list(segments(bound))) == len(list(segments(plain))) == 4
