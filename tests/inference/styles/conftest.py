"""A run whose instances have features, with and without the styles of its training data."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import gan_zoo
from gan_zoo.inference.styles.gathering import gather
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo_data.folder_specs import TINY

TEXTURE = {"use": "instance_features", "width": 2, "downsamplings": 1}
SMALL = {
    "data": {"use": "label_folder", "root": str(TINY), "classes": 3, "ignore": [255], "workers": 0},
    "conditions": {"picture": None, "labels": {"use": "one_hot"}, "texture": TEXTURE},
    "generator": {"use": "unet", "width": 4, "depth": 3, "dropout": "none"},
    "discriminator": {"width": 2, "layers": 1},
    "init.gain": 0.5,
    "phases.main": {"epochs": None, "steps": 2, "schedule": None},
    "validation": None,
    "callbacks": None,
    "engine": {"device": "cpu"},
}


def trained(out: Path, **changes: Any) -> RunFolder:
    recipe = Recipe.load("quickstart", set={**SMALL, **changes})
    return gan_zoo.train(recipe, out, reporter=Reporter(quiet=True))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run without styles."""
    return trained(tmp_path_factory.mktemp("styles") / "bare")


@pytest.fixture(scope="module")
def run(bare: RunFolder) -> RunFolder:
    """One with them."""
    path = bare.path.with_name("run")
    shutil.copytree(bare.path, path)
    gather(path, clusters=2, least=1e-4, device="cpu")
    return RunFolder.open(path)


@pytest.fixture(scope="module")
def translator(run: RunFolder) -> Translator:
    return gan_zoo.load(run, device="cpu")


def inputs() -> dict[str, Tensor]:
    """Four quarters: two instances of class 1, one of class 0, one of no class."""
    label = torch.zeros(1, 16, 24, dtype=torch.int32)
    label[:, :8] = 1
    label[:, 8:, 12:] = 255
    instance = label * 1000
    instance[:, :8, 12:] += 1
    return {"label": label, "instance": instance}
