"""The recipes: they hold, train, go on to the same numbers, and translate."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

import gan_zoo
from gan_zoo import Recipe, check, contracts
from gan_zoo_projected import ProjectedSpec, TogetherSpec

FACADES = Path(__file__).parents[4] / "shared" / "data" / "facades_inst_ab"
PAIRS = {
    "data.root": str(FACADES),
    "data.load": [70, 70],
    "data.crop": [64, 64],
    "data.batch": 2,
    "generator.depth": 6,
    "generator.width": 16,
    "discriminator.judges.features": {
        "use": "projected/projected",
        "backbone": "resnet10t",
        "weights": "none",
        "levels": [2, 3, 4],
        "width": 16,
    },
    "discriminator.judges.patches": {"layers": 2, "width": 16},
    "callbacks": None,
}
TINY = {
    "data.batch": 2,
    "data.workers": 0,
    "generator.width": 2,
    "generator.depth": 3,
    "discriminator.judges.features.backbone": "test_byobnet",
    "discriminator.judges.features.width": 2,
    "discriminator.judges.patches.width": 2,
    "callbacks": None,
    "validation": None,
    "engine.device": "cpu",
    "engine.log_every": 1,
    "phases.main": {"epochs": None, "steps": 4, "size": [32, 32], "schedule": None},
}


def losses(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line["losses"] for line in lines if "losses" in line]


def weights(run: Path) -> dict[str, torch.Tensor]:
    files = sorted((run / "weights" / "latest").rglob("*.safetensors"))
    assert len(files) == 2
    return {f"{f.stem}.{key}": t for f in files for key, t in load_file(f).items()}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        pytest.param("projected", {}, marks=pytest.mark.slow),
        pytest.param("quickstart", {}, marks=pytest.mark.slow),
        ("quickstart", TINY),
    ],
)
def test_it_passes_a_check(name: str, changes: dict[str, Any]) -> None:
    recipe = Recipe.load(f"projected/{name}", set=changes)
    assert isinstance(recipe.discriminator, TogetherSpec)
    judges = recipe.discriminator.judges
    assert isinstance(judges["features"], ProjectedSpec)
    assert type(judges["patches"]).name == "patch"
    [phase] = check(recipe).phases
    # The frozen network plays, and is no parameter.
    assert phase.learning["discriminator"] == phase.playing["discriminator"]


def test_it_goes_on_without_the_file_of_its_backbone(tmp_path: Path) -> None:
    """To the numbers of a whole run, to the bit; what is frozen was saved with the run."""
    torch.manual_seed(7)
    model, file = timm.create_model("test_byobnet"), tmp_path / "backbone.safetensors"
    save_file(model.state_dict(), file)
    learned = {**TINY, "discriminator.judges.features.weights": str(file)}
    recipe = Recipe.load("projected/quickstart", set=learned)
    gan_zoo.train(recipe, tmp_path / "whole")
    gan_zoo.train(recipe, tmp_path / "halved", steps=2)
    file.unlink()
    gan_zoo.resume(tmp_path / "halved", steps="all")
    ours, theirs = weights(tmp_path / "halved"), weights(tmp_path / "whole")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert losses(tmp_path / "halved") == losses(tmp_path / "whole")
    inside = "discriminator.judges.0.backbone."
    frozen = {key.removeprefix(inside): t for key, t in ours.items() if inside in key}
    stored = {key.replace(".", "_"): tensor for key, tensor in model.state_dict().items()}
    assert len(frozen) > 10
    assert all(torch.equal(t, stored[key.replace(".", "_")]) for key, t in frozen.items())
    made = gan_zoo.load(tmp_path / "halved")({"source": np.zeros((40, 33), np.uint8)})
    assert made.shape == (40, 33, 3)


def test_what_it_is_made_of() -> None:
    recipe = Recipe.load("projected/projected")
    contracts(recipe)
    usual = Recipe.load("pix2pix")
    assert recipe.losses["l1"] == usual.losses["l1"]
    changed = {"form": "hinge", "over_scales": "mean"}
    assert recipe.losses["gan"] == usual.losses["gan"].model_copy(update=changed)
    assert recipe.generator == usual.generator


@pytest.mark.slow
@pytest.mark.parametrize("name", ["projected", "quickstart"])
def test_it_learns_on_real_pictures(name: str, tmp_path: Path) -> None:
    if name == "projected" and not FACADES.is_dir():
        pytest.skip(f"there is no {FACADES}")
    changes: dict[str, Any] = {"engine.log_every": 1, **(PAIRS if name == "projected" else {})}
    gan_zoo.train(Recipe.load(f"projected/{name}", set=changes), tmp_path / "run", steps=200)
    terms = losses(tmp_path / "run")
    assert len(terms) == 200
    assert all(math.isfinite(value) for step in terms for value in step.values())
    l1 = [step["G_L1"] for step in terms]
    print(f"{name}: L1 {mean(l1[:50]):.2f} -> {mean(l1[-50:]):.2f}")
    assert mean(l1[-50:]) < mean(l1[:50])
