"""Callbacks that keep something: the average of the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gan_zoo.inference.loading import load
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.training.run import resume, train
from gan_zoo_callbacks.average import Average


def recipe(changes: dict[str, Any] | None = None) -> Recipe:
    return Recipe.load(
        "quickstart",
        set={
            "data.batch": 4,
            "data.workers": 0,
            "generator.width": 2,
            "generator.depth": 3,
            "discriminator.width": 2,
            "engine.device": "cpu",
            "callbacks.previews": None,
            "callbacks.average": {"use": "average", "decay": 0.3},
            "validation": None,
            "phases.main.epochs": None,
            "phases.main.steps": 6,
            **(changes or {}),
        },
    )


class Game:
    """As much of a run as an average looks at."""

    def __init__(self) -> None:
        self.generator = nn.BatchNorm2d(1)
        self.networks = {"generator": self.generator, "discriminator": nn.Conv2d(1, 1, 1)}

    def player_of(self, network: str) -> str:
        return network

    def move(self, value: float) -> None:
        nn.init.constant_(self.generator.weight, value)
        nn.init.constant_(self.generator.running_mean, value)


def test_the_average_is_the_one_written_out_here() -> None:
    game, average, expected = Game(), Average(decay=0.5), 1.0
    average.on_run_start(game)
    for n, value in enumerate([3.0, -2.0, 5.0, 7.0, 1.0, 4.0, 2.0, 8.0, 6.0], 1):
        game.move(value)
        average.on_step_end(game)
        kept = min(0.5, (1 + n) / (10 + n))
        expected = kept * expected + (1 - kept) * value
        ours = average.networks["generator"]
        assert ours.weight.item() == pytest.approx(expected, rel=1e-6)
        assert ours.running_mean.item() == value
    assert kept == 0.5  # 10/19 is more than the decay: both rules were seen
    assert list(average.networks) == ["generator"]


def test_it_goes_on_from_what_a_checkpoint_kept() -> None:
    game, whole = Game(), Average(decay=0.9)
    whole.on_run_start(game)
    for value in (3.0, 4.0):
        game.move(value)
        whole.on_step_end(game)
    again = Average(decay=0.9)
    again.restore(whole.state())
    again.on_run_start(game)
    game.move(5.0)
    for one in (whole, again):
        one.on_step_end(game)
    ours, theirs = (one.networks["generator"].state_dict() for one in (again, whole))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert again.updates == 3


def test_a_resumed_run_keeps_the_same_average(tmp_path: Path) -> None:
    whole = train(recipe(), tmp_path / "whole", reporter=Reporter(quiet=True))
    half = train(recipe(), tmp_path / "half", steps=3, reporter=Reporter(quiet=True))
    resume(half.path, steps="all", reporter=Reporter(quiet=True))
    one, other = (run.load_weights("average", "generator") for run in (whole, half))
    assert all(torch.equal(one[key], other[key]) for key in one)
    latest = whole.load_weights("latest", "generator")
    assert any(not torch.equal(one[key], latest[key]) for key in one)


def test_pictures_are_made_with_it_where_inference_says_so(tmp_path: Path) -> None:
    changes = {"inference.weights": "average", "inference.dropout": False}
    run = train(recipe(changes), tmp_path / "run", reporter=Reporter(quiet=True))
    picture = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    averaged, latest = (load(run, weights=name)(picture) for name in ("average", "latest"))
    assert np.array_equal(load(run)(picture), averaged)
    assert not np.array_equal(latest, averaged)


def test_what_is_scored_is_what_best_keeps(tmp_path: Path) -> None:
    validation = {"every": 1, "metrics": {"l1": {"use": "l1"}}, "best": "l1", "split": "val"}
    changes = {
        "validation": validation,
        "inference.weights": "average",
        "data.batch": 140,  # four steps a pass
        "phases.main.steps": 4,
    }
    run = train(recipe(changes), tmp_path / "run", reporter=Reporter(quiet=True))
    best, average = (run.load_weights(name, "generator") for name in ("best", "average"))
    assert all(torch.equal(best[key], average[key]) for key in average)


def test_weights_that_nobody_keeps_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"inference\.weights: no callback keeps .*'average'"):
        Recipe.load("quickstart", set={"inference.weights": "average"})
