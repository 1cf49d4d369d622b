"""Health on a GPU: it listens in the run's own precision, and moves nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]

TINY: dict[str, Any] = {
    "generator.width": 8,
    "discriminator.width": 8,
    "phases.main": {"epochs": None, "steps": 24, "schedule": None},
    "validation": None,
    "callbacks": {"previews": None},
    "engine.device": "cuda",
    "engine.log_every": 8,
    "engine.deterministic": True,
}


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_health_listens_and_moves_nothing(tmp_path: Path, precision: str) -> None:
    weights = []
    for name, health in (("with", {"split": "val"}), ("without", None)):
        words = {**TINY, "engine.precision": precision}
        words["callbacks"] = {"previews": None, "health": health}
        recipe = Recipe.load("quickstart", set=words)
        run = train(recipe, tmp_path / name, reporter=Reporter(quiet=True)).path
        weights.append(RunFolder.open(run).load_weights("latest", "generator"))
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    entries = map(json.loads, (tmp_path / "with" / "log.jsonl").read_text().splitlines())
    told = [entry["health"] for entry in entries if "health" in entry]
    assert len(told) >= 20
    for numbers in told:
        assert all(math.isfinite(value) for value in numbers.values())
        assert numbers["share.gan"] + numbers["share.l1"] == pytest.approx(1, abs=1e-3)
        assert 0 <= numbers["discriminator.right_on_fake"] <= 1
