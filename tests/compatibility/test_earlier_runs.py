"""A run folder, a recipe and a checkpoint of an earlier version open, translate and resume."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import gan_zoo
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.earlier import options_since
from gan_zoo.runs.folder import RunFolder

MADE = sorted(path for path in Path(__file__).parent.glob("made_by_*") if path.is_dir())
CLOSE = 1e-9  # relative, of float64 on another processor
RUNS = ("pairs", "objects")
# Versions of torch draw other noise for dropout from the same seed; `pairs` was made with this one.
NOISE = [0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0, 2.0, 0.0, 2.0, 2.0, 2.0]


def need_the_same_noise(run: str) -> None:
    torch.manual_seed(0)
    drawn = torch.nn.functional.dropout(torch.ones(1, 8, 2, 2), 0.5).flatten()[: len(NOISE)]
    if run == "pairs" and drawn.tolist() != NOISE:
        pytest.skip(f"torch {torch.__version__} draws other dropout than the one it was made with")


@pytest.fixture(params=MADE, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    return folder


def array(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def ids(folder: Path) -> dict[str, np.ndarray]:
    return {name: array(folder / f"{name}.png").astype(np.int32) for name in ("label", "instance")}


@pytest.mark.parametrize("name", RUNS)
def test_its_recipe_resolves_to_the_same(made: Path, name: str) -> None:
    """With what was done then where options came later; a new run of the recipe does as now."""
    kept = RunFolder.open(made / name).recipe()
    then: dict[str, Any] = {
        "engine.frozen_norm": "batch",
        "engine.draws": 1,
        "engine.norms": "float32",
        "engine.compile": "off",
        "engine.graphs": "off",
        "inference.styles": "usual",
        "method.history": "exact",
    }
    if kept.data.name == "scenes":
        then["data.draws"] = 1
    if "previews" in kept.callbacks:
        then["callbacks.previews.keep"] = 1_000_000
    assert options_since(Recipe.load(made / f"{name}.yaml")) == then
    now = {**then, "callbacks.health": None}  # shipped recipes have it since
    assert Recipe.load(made / f"{name}.yaml", set=now) == kept


def test_it_translates_to_the_same_bytes(made: Path) -> None:
    objects = gan_zoo.load(made / "objects", device="cpu")
    maps = ids(made / "inputs")
    plain, styled = objects(maps), objects(maps, style="sample", seed=3)
    assert np.array_equal(plain, array(made / "objects.png"))
    assert np.array_equal(styled, array(made / "objects-sample.png"))
    assert not np.array_equal(plain, styled)
    need_the_same_noise("pairs")
    pairs = gan_zoo.load(made / "pairs", device="cpu")
    picture = pairs(array(made / "inputs" / "drawing.png"))
    assert np.array_equal(picture, array(made / "pairs.png"))


def moments(run: Path) -> Iterator[tuple[str, list[float]]]:
    """Of every weight its sum and its sum of squares."""
    for file in sorted((run / "weights" / "latest").glob("*.safetensors")):
        for key, tensor in load_file(file).items():
            wide = tensor.double()
            yield f"{file.stem}.{key}", [wide.sum().item(), wide.square().sum().item()]


@pytest.mark.parametrize("name", RUNS)
def test_it_resumes_to_the_same_numbers(made: Path, name: str, tmp_path: Path) -> None:
    need_the_same_noise(name)
    run = tmp_path / name
    shutil.copytree(made / name, run)
    gan_zoo.resume(run, steps="all", reporter=Reporter(quiet=True))
    expected: dict[str, Any] = json.loads((made / f"{name}.json").read_text())
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert len(lines) == len(expected["losses"]) > 5
    for line, theirs in zip(lines, expected["losses"], strict=True):
        ours = {key: line[key] for key in theirs}
        for part in ("losses", "validation"):
            assert ours.pop(part, {}) == pytest.approx(theirs.pop(part, {}), rel=CLOSE)
        assert ours == theirs
    weights = dict(moments(run))
    assert weights.keys() == expected["weights"].keys()
    for key, values in expected["weights"].items():
        assert weights[key] == pytest.approx(values, rel=CLOSE, abs=CLOSE), key
