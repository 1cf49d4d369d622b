"""Runs of narrow networks with lively pictures, and large pictures to give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import torch.nn.functional as F

import gan_zoo
from gan_zoo.inference.styles.rules import Rules
from gan_zoo.inference.tiling.asked import Asked
from gan_zoo.inference.tiling.tiler import Tiler
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder

RESNET = {"use": "resnet", "width": 4, "blocks": 1, "downsamplings": 1, "norm": "instance"}
TINY = {
    "generator": RESNET,
    "init.gain": 0.1,  # lively pictures after a step
    "discriminator.width": 4,
    "data.workers": 0,
    "phases.main": {"epochs": None, "steps": 1},
    "validation": None,
    "callbacks": None,
}


def trained(out: Path, **changes: Any) -> RunFolder:
    """A run of a step."""
    recipe = Recipe.load("quickstart", set={**TINY, **changes})
    return gan_zoo.train(recipe, out, report=False, reporter=Reporter(quiet=True))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("tiles") / "run")


def scenery(height: int, width: int, *, hills: int = 5) -> np.ndarray:
    """Grey of parts that are unlike, `H W`, uint8: statistics of a tile are not those of all.

    Args:
        height, width: Of it.
        hills: How many there are on a side.
    """
    draw = torch.Generator().manual_seed(0)
    heights = torch.rand(1, 1, hills, hills, generator=draw)
    smooth = F.interpolate(heights, (height, width), mode="bicubic")[0, 0] * 200
    rough = torch.rand(height, width, generator=draw) * 40
    return (smooth + rough).clamp(0, 255).to(torch.uint8).numpy()


def large(path: Path, height: int = 150, width: int = 190, *, hills: int = 5, **how: Any) -> Path:
    """A TIFF of scenery."""
    tifffile.imwrite(path, scenery(height, width, hills=hills), photometric="minisblack", **how)
    return path


def pixels(path: Path) -> np.ndarray:
    found: np.ndarray = tifffile.imread(path)
    return found


def apart(one: Path, other: Path) -> np.ndarray:
    """How far two pictures of 8 bits are apart."""
    return np.abs(pixels(one).astype(int) - pixels(other).astype(int))


def tiler(model: Translator, **asked: Any) -> Tiler:
    """What translates by tiles, with nothing said of styles."""
    return Tiler(model, Asked(**asked), Rules({}), 0)
