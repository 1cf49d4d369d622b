"""Coarse, then fine, then both, by recipe words alone: which tensors move, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.validation import RecipeError
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume, train

COARSE = {"use": "global", "width": 4, "blocks": 1, "downsamplings": 1, "norm": "group"}
EACH = {"use": "patch", "layers": 1, "width": 2, "norm": "none", "padding": 2, "bias": True}
PHASES: dict[str, dict[str, Any]] = {
    "coarse": {
        "size": [16, 32],
        "play": "generator.coarse",
        "train": ["generator.coarse", "discriminator"],
        "set": {"discriminator.scales": 2},
    },
    "enhance": {
        "size": [32, 64],
        "train": ["generator.enhancers", "discriminator"],
        "start": {"generator": "fresh"},
    },
    "joint": {
        "size": [32, 64],
        "train": ["generator", "discriminator"],
        "start": {"generator": "fresh"},
    },
}
ALONE = {"main": None, "only": {"steps": 2, "size": PHASES["coarse"]["size"]}}
HEAD = "generator.coarse.decoder.1."


def recipe(**changes: Any) -> Recipe:
    """The published schedule on networks of a few channels. The norms let every bias matter."""
    made = {
        "data": {"use": "scenes", "size": [32, 64], "batch": 2, "workers": 0, "flip": 0.0},
        "generator": {
            **{"use": "local_enhancer", "blocks": 1, "norm": "group"},
            "coarse": COARSE,
        },
        "discriminator": {"use": "multiscale", "scales": 3, "each": EACH},
        "losses": {"l1": {"use": "l1", "weight": 1}},
        "phases": {"main": None, **{name: {"steps": 2, **own} for name, own in PHASES.items()}},
        "validation": None,
        "callbacks": None,
        "engine": {"device": "cpu", "memory_format": "contiguous"},
    }
    return Recipe.load("scenes", set={**made, **changes})


def batch(game: Any, seed: int = 0) -> dict[str, Tensor]:
    """Noise at the size of the phase."""
    draw = torch.Generator().manual_seed(seed)
    wired = game.recipe.data.maps(game.runner.phase.size)
    shape = (2, 1, *wired["label"].size)
    ids = {
        name: torch.randint(0, wired["label"].classes, shape, dtype=torch.int32, generator=draw)
        for name in ("label", "instance")
    }
    target = torch.randint(0, 256, (2, 3, *shape[2:]), dtype=torch.uint8, generator=draw)
    return {**ids, "target": target}


def of(names: Any, *prefixes: str) -> set[str]:
    return {name for name in names if name.startswith(prefixes)}


@pytest.mark.parametrize("turns", ["simultaneous", "alternate"])
@pytest.mark.parametrize("enhancers", [1, 2])
def test_each_phase_moves_exactly_what_it_trains_and_plays(
    play: Any, differ: Callable[..., set[str]], turns: str, enhancers: int
) -> None:
    set = {"method.turns": turns, "generator.enhancers": enhancers}
    game = play(recipe(**set))
    contracts(game.recipe)
    moved = {}
    for phase in PHASES:
        before = game.weights()
        game.enter(phase)
        game.runner.step([batch(game)])
        game.runner.remember()
        moved[phase] = differ(before, game.weights())
    every = game.weights()
    two = [f"discriminator.scales.{n}." for n in range(2)]
    assert moved["coarse"] == of(every, "generator.coarse.", *two)
    assert moved["enhance"] == of(every, "generator.enhancers.", "discriminator.")
    assert moved["joint"] == {*every} - of(every, HEAD)
    assert len(of(every, HEAD)) == 2


def test_what_does_not_learn_keeps_its_statistics_and_power_iterations(
    play: Any, differ: Callable[..., set[str]]
) -> None:
    norms = {"generator.norm": "batch", "generator.coarse.norm": "batch"}
    game = play(recipe(**norms, **{"discriminator.each.spectral": True}))
    moved = {}
    for phase in PHASES:
        before = game.weights()
        game.enter(phase)
        game.runner.step([batch(game)])
        moved[phase] = differ(before, game.weights())
    statistics = {name for name in game.weights() if name.endswith("running_mean")}
    assert of(statistics, "generator.coarse.") & moved["coarse"]
    assert not of(moved["coarse"], "generator.enhancers.", "discriminator.scales.2.")
    assert not of(moved["enhance"], "generator.coarse.")
    assert of(statistics, "generator.enhancers.") <= moved["enhance"]
    assert statistics <= moved["joint"]
    vectors = {name for name in game.weights() if name.endswith("._v")}
    assert of(vectors, "discriminator.scales.2.") <= moved["enhance"]
    assert of(vectors, "discriminator.scales.1.") <= moved["coarse"]


def test_an_enhancer_learns_alone(play: Any, differ: Callable[..., set[str]]) -> None:
    """As the published program does it with two: the outermost first."""
    own = {**PHASES["enhance"], "steps": 1, "train": ["generator.enhancers.2"]}
    game = play(recipe(**{"generator.enhancers": 2, "phases.enhance": own}))
    before = game.weights()
    game.enter("enhance")
    game.runner.step([batch(game)])
    assert differ(before, game.weights()) == of(before, "generator.enhancers.2.")


def test_a_step_of_the_coarse_phase_is_that_of_the_coarse_part_alone(play: Any) -> None:
    game = play(recipe())
    game.enter("coarse")
    alone = play(recipe(**{"generator": COARSE, "discriminator.scales": 2, "phases": ALONE}))
    alone.assembly.networks["generator"].load_state_dict(
        game.assembly.networks["generator"].get_submodule("coarse").state_dict()
    )
    scales = {
        key: tensor
        for key, tensor in game.assembly.networks["discriminator"].state_dict().items()
        if not key.startswith("scales.2.")
    }
    alone.assembly.networks["discriminator"].load_state_dict(scales)
    alone.enter("only")
    for seed in range(3):
        ours, theirs = (g.runner.step([batch(g, seed)]).numbers() for g in (game, alone))
        assert ours == theirs


def test_the_finest_scale_that_plays_sees_the_phase_s_full_size(play: Any) -> None:
    game = play(recipe())
    seen: dict[str, set[tuple[int, int]]] = {}
    for name, scale in game.assembly.networks["discriminator"].named_children():
        assert name == "scales"
        for n, judge in enumerate(scale):

            def note(module: Any, inputs: Any, n: int = n) -> None:
                condition, pictures = inputs  # both of them in one call
                for picture in pictures:
                    assert condition.shape[2:] == picture.shape[2:]
                    seen.setdefault(f"{game.runner.phase.size} {n}", set()).add(picture.shape[2:])

            judge.register_forward_pre_hook(note)
    for phase in ("coarse", "enhance"):
        game.enter(phase)
        game.runner.step([batch(game)])
    assert seen == {
        "(16, 32) 0": {(8, 16)},
        "(16, 32) 1": {(16, 32)},  # in both phases it sees this size
        "(32, 64) 0": {(8, 16)},
        "(32, 64) 1": {(16, 32)},
        "(32, 64) 2": {(32, 64)},
    }


def test_a_frozen_coarse_part_runs_without_a_graph(play: Any) -> None:
    game = play(recipe())
    graphs: dict[str, bool] = {}
    generator = game.assembly.networks["generator"]
    generator.get_submodule("enhancers.1").register_forward_pre_hook(
        lambda module, inputs: graphs.update(
            {str(game.runner.phase.train): inputs[1].requires_grad}
        )
    )
    for phase in ("enhance", "joint"):
        game.enter(phase)
        game.runner.step([batch(game)])
    assert list(graphs.values()) == [False, True]


def test_a_fresh_start_forgets_the_generator_s_moments_alone(play: Any) -> None:
    game = play(recipe())
    for phase in PHASES:
        game.enter(phase)
        for seed in range(2):
            game.runner.step([batch(game, seed)])
        game.runner.remember()
    counted = {
        name: {int(state["step"]) for name_, state in game.memory.optimizers[name].items()}
        for name in ("generator", "discriminator")
    }
    assert counted == {"generator": {2}, "discriminator": {4, 6}}
    assert not of(game.memory.optimizers["generator"], HEAD)


def test_a_rehearsal_shows_what_rests() -> None:
    made = recipe()
    coarse, enhance, joint = rehearse(made)
    head = 3 * 4 * 49 + 3
    whole = sum(enhance.playing.values()) + sum(enhance.resting.values())
    assert enhance.playing == joint.playing
    assert enhance.resting == joint.resting == {"generator": head, "discriminator": 0}
    assert coarse.playing["generator"] + coarse.resting["generator"] == (
        joint.playing["generator"] + head
    )
    assert coarse.playing["discriminator"] == 2 * coarse.resting["discriminator"]
    assert sum(coarse.playing.values()) + sum(coarse.resting.values()) == whole
    assert coarse.learning == coarse.playing
    assert joint.learning == joint.playing
    enhancers = enhance.playing["generator"] - (coarse.playing["generator"] - head)
    assert enhance.learning["generator"] == enhancers
    assert [found.size for found in (coarse, enhance, joint)] == [(16, 32), (32, 64), (32, 64)]


def test_what_a_phase_cannot_play_is_refused() -> None:
    for changes, told in (
        ({"phases.coarse.size": [17, 32]}, r"does not suit generator\.coarse\.downsamplings"),
        ({"phases.joint.size": [34, 64]}, r"does not suit generator\.enhancers: .* of 4"),
        ({"phases.coarse.set": {"discriminator.scales": 4}}, r"scales is 3 at the top level"),
        ({"phases.enhance.train": ["generator.enhancers.3"]}, r"no part 'generator\.enhancers\.3'"),
        ({"phases.coarse.train": ["generator.enhancers"]}, r"rests while generator\.coarse plays"),
        ({"generator.coarse.width": 3}, r"generator\.enhancers: enhancer 1 would have 3/2"),
        ({"generator.coarse": {"use": "local_enhancer"}}, r"generator\.coarse: .* no features"),
    ):
        with pytest.raises(RecipeError, match=told):
            contracts(recipe(**changes))


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
def test_resuming_inside_and_between_phases_gives_the_same_weights(
    tmp_path: Path, whole_run: dict[str, Tensor], stop: int
) -> None:
    train(recipe(), out=tmp_path / "run", steps=stop)
    resume(tmp_path / "run", steps="all")
    again = weights(tmp_path / "run")
    assert again.keys() == whole_run.keys()
    assert all(torch.equal(again[key], whole_run[key]) for key in again)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(recipe(), out=folder)
    return weights(folder)


def weights(folder: Path) -> dict[str, Tensor]:
    run = RunFolder.open(folder)
    return {
        f"{network}.{key}": tensor
        for network in ("generator", "discriminator")
        for key, tensor in run.load_weights("latest", network).items()
    }
