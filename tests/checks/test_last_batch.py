"""The last batch of a pass may be smaller: it is rehearsed too."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import gan_zoo
from gan_zoo.checks import check
from gan_zoo.checks.last_batch import last_batch
from gan_zoo.engine.loader import Plan
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter


def recipe(root: Path, batch: int = 2, **changes: Any) -> Recipe:
    """A backbone that leaves one pixel of 32."""
    small = {
        "data": {"use": "paired_folder", "root": str(root), "batch": batch, "workers": 0},
        "data.load": [32, 32],
        "data.crop": [32, 32],
        "generator": {"use": "unet_timm", "levels": 5, "width": 4, "norm": "batch"},
        "discriminator": {"width": 2, "layers": 1},
        "phases": {"main": {"epochs": 1, "steps": None, "schedule": None}},
        "callbacks": None,
        "validation": None,
        "engine": {"device": "cpu"},
    }
    return Recipe.load("quickstart", set={**small, **changes})


@pytest.fixture
def five(tmp_path: Path) -> Path:
    (tmp_path / "five/train").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for n in range(5):
        pixels = draw.integers(0, 256, (32, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"five/train/{n}.png")
    return tmp_path / "five"


@pytest.mark.parametrize(("batch", "other"), [(2, 3), (4, 3)])
def test_a_picture_that_is_left_alone_is_refused(
    five: Path, tmp_path: Path, batch: int, other: int
) -> None:
    quiet = Reporter(quiet=True)
    for do in (check, partial(gan_zoo.train, out=tmp_path / "run", reporter=quiet)):
        with pytest.raises(UserError) as caught:
            do(recipe(five, batch))
        assert str(caught.value).startswith(
            f"phase main: the last batch of a pass holds 1 of 5 samples (data.batch: {batch}; "
            f"data.batch={other} leaves none alone), and one picture at a time leaves a batch norm "
            "one "
        )
        assert not (tmp_path / "run").exists()
    assert len(check(recipe(five, other)).phases) == 1
    gan_zoo.train(recipe(five, other), tmp_path / "run", reporter=quiet)


def test_a_phase_that_ends_before_it_may_leave_one_alone(five: Path, tmp_path: Path) -> None:
    made = recipe(five, **{"phases.main": {"epochs": None, "steps": 2}})
    assert len(check(made).phases) == 1
    gan_zoo.train(made, tmp_path / "run", reporter=Reporter(quiet=True))


def test_networks_that_can_are_left_in_peace(five: Path, tmp_path: Path) -> None:
    made = recipe(five, **{"generator": {"use": "unet", "width": 2, "depth": 3}})
    assert check(made).mistakes == []
    gan_zoo.train(made, tmp_path / "run", reporter=Reporter(quiet=True))


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 4))
def test_it_is_the_last_one_that_a_plan_draws(samples: int, batch: int, accumulate: int) -> None:
    made = recipe(Path("nowhere"), batch, **{"engine.accumulate": accumulate})
    phase = WiredRecipe(made).phase("main")
    plan = Plan(samples, batch, 0, 0, accumulate)
    sizes = [len(draws) for draws in plan.draws(0, plan.steps_a_pass)]
    assert last_batch(phase, samples) == (sizes[-1] if sizes[-1] != batch else 0)
