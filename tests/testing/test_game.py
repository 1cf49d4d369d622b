"""What tests of components play with, and the page that shows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo import Recipe, train
from gan_zoo.reporter import Reporter
from gan_zoo.testing import phase, picture_of, playing, rehearse, saved_state, step

PAGE = Path(__file__).parents[2] / "docs/how-to/test-your-component.md"
SMALL = {
    "generator.width": 4,
    "generator.depth": 3,
    "discriminator.width": 4,
    "data.batch": 2,
    "data.workers": 0,
    "validation": None,
    "callbacks": None,
}
LABELS = {"G_GAN", "G_L1", "D_real", "D_fake"}


@pytest.fixture
def recipe() -> Recipe:
    return Recipe.load("quickstart", set=SMALL)


def test_a_first_step_is_that_of_a_phase(recipe: Recipe) -> None:
    terms = step(recipe)
    assert set(terms) == LABELS
    assert 0.3 < terms["D_real"] < 1.5  # nobody has learned anything yet
    runner = phase(recipe)
    samples = recipe.data.open("train")
    read = [samples.read(n, None).maps for n in range(2)]
    batch = {name: torch.stack([maps[name] for maps in read]) for name in read[0]}
    assert set(runner.step([batch]).numbers()) == LABELS
    assert all(p.dtype == torch.float64 for p in runner.networks["generator"].parameters())


def test_a_phase_has_what_plays_in_it(recipe: Recipe) -> None:
    runner = phase(recipe, precision="float32")
    assert {*runner.networks} == {"generator", "discriminator"} == {*playing(runner)}
    source = torch.zeros(2, 1, 64, 64, dtype=torch.uint8)
    picture = picture_of(runner, {"source": source})
    assert picture.shape == (2, 3, 64, 64)
    assert picture.dtype == torch.float32
    assert picture.abs().max() <= 1


def test_a_rehearsal_counts_what_learns(recipe: Recipe) -> None:
    [main] = rehearse(recipe)
    count = sum(p.numel() for p in phase(recipe).networks["generator"].parameters())
    assert main.learning["generator"] == count


def test_the_state_of_a_run(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, tmp_path / "run", steps=1, reporter=Reporter(quiet=True))
    assert {"optimizers", "generators"} <= {*saved_state(tmp_path / "run")}


def test_the_page_s_example_runs() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Tests of your own")[2]
    found: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0], found)
    assert set(found["terms"]) == LABELS
    assert found["shown"] is found["runner"].networks["generator"]
    assert set(found["main"].learning) == {"generator", "discriminator"}
