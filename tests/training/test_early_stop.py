"""A phase that gets no better ends, and the next one begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from gan_zoo.components.interfaces import Sample
from gan_zoo.components.measuring import Metric, MetricContext
from gan_zoo.components.watching import MetricSpec
from gan_zoo.recipe.model import EarlyStop, Validation
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.checkpoint import Position
from gan_zoo.training.run import resume, train
from gan_zoo.training.validation import watch

SCORES: list[float] = []  # what the next validations give


class Scripted:
    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None: ...

    def compute(self) -> dict[str, float]:
        return {"value": SCORES.pop(0), "other": 0.0}


class ScriptedSpec(MetricSpec, name="scripted"):
    protocol = "as the test says"
    fields = ("value", "other")

    def build(self, at: MetricContext) -> Metric:
        return Scripted()


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Four pairs of noise a split."""
    draw = np.random.default_rng(0)
    for split in ("train", "val"):
        (tmp_path / f"pairs/{split}").mkdir(parents=True)
        for n in range(4):
            pixels = draw.integers(0, 256, (8, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"pairs/{split}/{n}.png")
    return tmp_path / "pairs"


def recipe(pairs: Path, patience: int, **phases: int) -> Recipe:
    made = Recipe.load(
        "quickstart",
        set={
            "data": {"use": "paired_folder", "root": str(pairs), "direction": "a_to_b"},
            "data.load": [8, 8],
            "data.crop": [8, 8],
            "data.batch": 2,  # two steps a pass
            "data.workers": 0,
            "generator": {"width": 1, "depth": 2},
            "discriminator": None,
            "optimizers.discriminator": None,
            "losses.gan": None,
            "callbacks": None,
            "validation.every": 1,
            "engine.device": "cpu",
            "phases": {"main": None, **{name: {"epochs": n} for name, n in phases.items()}},
        },
    )
    watched = Validation(
        split="val",
        metrics={"scripted": ScriptedSpec()},
        best="scripted.value",
        early_stop=EarlyStop(metric="scripted.value", patience=patience),
    )
    return made.model_copy(update={"validation": watched})


def lines(run: Path) -> list[tuple[str, int, float]]:
    """(phase, step, score) of every validation."""
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [
        (line["phase"], line["step"], line["validation"]["scripted.value"])
        for line in log
        if "validation" in line
    ]


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three pictures are enough to score, and the recipe holds a metric of no plugin."""
    from gan_zoo.training import loop

    whole = loop.measure
    monkeypatch.setattr(
        loop, "measure", lambda pictures, dataset, *rest, **how: whole(pictures, [], *rest, **how)
    )


def test_a_phase_ends_after_so_many_scores_without_a_new_best(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SCORES[:] = [5.0, 4.0, 4.5, 4.0, 9.0, 8.0, 8.5, 7.0]
    made = recipe(pairs, 2, one=6, two=4)
    monkeypatch.setattr("gan_zoo.runs.folder.RunFolder.recipe", lambda run: made)
    told: list[str] = []
    reporter = Reporter(quiet=True)
    monkeypatch.setattr(reporter, "say", told.append)
    run = train(made, tmp_path / "run", reporter=reporter)
    # 4.5 and 4.0 are no better than 4.0; in the next phase 9.0 is the first best
    assert lines(run.path) == [
        ("one", 2, 5.0),
        ("one", 4, 4.0),
        ("one", 6, 4.5),
        ("one", 8, 4.0),
        ("two", 10, 9.0),
        ("two", 12, 8.0),
        ("two", 14, 8.5),
        ("two", 16, 7.0),
    ]
    [ended] = [line for line in told if "got no better" in line]
    assert "scripted.value got no better for 2 scores in a row (the best was 4)" in ended
    assert "phase one ends here" in ended
    assert "Done after 16 steps" in told[-2]  # the page comes last
    best = json.loads((run.path / "weights" / "best" / "about.json").read_text())
    assert (best["step"], best["scripted.value"]) == (16, 7.0)


def test_the_counter_goes_on_after_a_stop(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recipe(pairs, 3, one=9, two=1)
    monkeypatch.setattr("gan_zoo.runs.folder.RunFolder.recipe", lambda run: made)
    SCORES[:] = [1.0, 2.0, 3.0]
    run = train(made, tmp_path / "run", steps=6, reporter=Reporter(quiet=True))
    position, _ = checkpoint.load(checkpoint.saved(run.state)[0])
    assert (position.watched, position.waited, position.ended_early) == (1.0, 2, False)
    SCORES[:] = [4.0, 0.5]
    resume(run.path, steps="all", reporter=Reporter(quiet=True))
    assert lines(run.path)[3:] == [("one", 8, 4.0), ("two", 10, 0.5)]
    # cut again at the very end of the phase that ended early: nothing is scored or taken twice
    SCORES[:] = []
    resume(run.path, reporter=Reporter(quiet=True))
    assert len(lines(run.path)) == 5


def test_a_score_that_is_no_number_is_no_best() -> None:
    wanted = Validation(
        metrics={"scripted": ScriptedSpec()},
        early_stop=EarlyStop(metric="scripted.value", patience=1),
    )
    at = Position("main")
    assert "none was a number" in watch(wanted, {"scripted.value": float("nan")}, at)
    assert at.ended_early


def test_only_what_is_measured_can_be_watched() -> None:
    stop: dict[str, Any] = {"validation.early_stop": {"metric": "psrn", "patience": 3}}
    with pytest.raises(RecipeError, match=r"early_stop.metric is 'psrn', which is not measured"):
        Recipe.load("quickstart", set=stop)
    with pytest.raises(ValueError, match=r"name scripted.value or scripted.other"):
        Validation(metrics={"scripted": ScriptedSpec()}, best="scripted")
