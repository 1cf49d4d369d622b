"""Health in runs of many kinds: cut while they look, on crops, beside damaged files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.training import loop
from gan_zoo.training.run import resume, train

QUIET = Reporter(quiet=True)


def pairs(root: Path, side: int = 24, count: int = 6) -> Path:
    """Pairs side by side: to learn from, and of odd sizes to look at."""
    draw = np.random.default_rng(0)
    for split in ("train", "val"):
        (root / split).mkdir(parents=True)
        for n in range(count):
            height = side + (5 * n if split == "val" else 0)
            pixels = draw.integers(0, 256, (height, 2 * side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / split / f"{n}.png")
    return root


def recipe(root: Path, **changes: Any) -> Recipe:
    small = {
        "data": {"use": "paired_folder", "root": str(root), "batch": 2, "workers": 0},
        "data.crop": [16, 16],
        "generator": {"width": 2, "depth": 3},
        "discriminator": {"width": 2, "layers": 1},
        "phases": {"main": {"epochs": 2, "steps": None, "schedule": None}},
        "callbacks": {"previews": None, "health": {"use": "health", "split": "val"}},
        "validation": {"every": 1},
        "engine": {"device": "cpu", "checkpoint_every": 1000},
    }
    return Recipe.load("quickstart", set={**small, **changes})


def logged(run: Path, key: str) -> list[Any]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line[key] for line in lines if key in line]


def test_runs_on_crops_are_looked_at_whole_and_judged_in_their_middle(tmp_path: Path) -> None:
    run = train(recipe(pairs(tmp_path / "pairs")), tmp_path / "run", reporter=QUIET)
    told = logged(run.path, "health")
    assert len(told) == 6  # every step: a twentieth of six is less
    assert all("discriminator.unseen" in numbers for numbers in told)
    assert all(np.isfinite([*numbers.values()]).all() for numbers in told)


def test_a_run_that_is_cut_in_its_last_validation_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recipe(pairs(tmp_path / "pairs"))
    whole = loop.measure

    def cut(*given: Any, **how: Any) -> Any:
        raise RuntimeError("the power went")

    calls: list[int] = []

    def measure(*given: Any, **how: Any) -> Any:
        calls.append(1)
        return (cut if len(calls) == 2 else whole)(*given, **how)

    monkeypatch.setattr(loop, "measure", measure)
    with pytest.raises(RuntimeError, match="the power went"):
        train(made, tmp_path / "run", reporter=QUIET)
    resume(tmp_path / "run", reporter=QUIET)
    assert len(logged(tmp_path / "run", "validation")) == 2


def test_a_damaged_picture_that_only_health_reads_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = pairs(tmp_path / "pairs")
    made = recipe(root, validation=None, **{"phases.main.epochs": None, "phases.main.steps": 2})
    told: list[str] = []
    reporter = Reporter(quiet=True)
    monkeypatch.setattr(reporter, "say", told.append)
    from gan_zoo_callbacks import health

    whole = health.shrunk

    def shrunk(pictures: Any) -> Any:
        from gan_zoo.components import DataError

        if len(pictures) == 1:  # a training target, read for its own sake
            raise DataError("5.png: cut short")
        return whole(pictures)

    monkeypatch.setattr(health, "shrunk", shrunk)
    run = train(made, tmp_path / "run", reporter=reporter)
    assert told.count("  health seeks no copies: 5.png: cut short") == 1
    assert "outputs.copied" not in logged(run.path, "health")[-1]


def test_a_phase_that_ends_early_has_its_last_line(tmp_path: Path) -> None:
    made = recipe(
        pairs(tmp_path / "pairs"),
        **{
            "phases.main.epochs": 9,
            "callbacks": None,
            "validation.early_stop": {"metric": "l1", "patience": 1},
            "optimizers.generator.lr": 0.9,  # nothing gets better by that
            "engine.log_every": 1000,
        },
    )
    run = train(made, tmp_path / "run", reporter=QUIET)
    scores = [score["l1"] for score in logged(run.path, "validation")]
    assert len(scores) < 9
    assert scores[-1] >= min(scores[:-1])
    [line] = logged(run.path, "losses")
    assert line["G_L1"] > 0
    assert logged(run.path, "memory")
