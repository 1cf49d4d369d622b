"""Tiles with the statistics of all of a picture make the picture that is made at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gan_zoo
from gan_zoo.runs.folder import RunFolder
from tests.inference.tiling.conftest import apart, large, pixels, tiler, trained


def test_any_tile_makes_the_whole_picture(run: RunFolder, tmp_path: Path) -> None:
    given = large(tmp_path / "given.tif")
    for name, how in {"whole": {}, "a": {"tile": 64}, "b": {"tile": 96}}.items():
        exact = {"statistics": "exact"} if how else {}
        gan_zoo.translate(run, given, tmp_path / f"{name}.tif", device="cpu", **how, **exact)
    assert pixels(tmp_path / "whole.tif").shape == (150, 190, 3)
    assert pixels(tmp_path / "whole.tif").std() > 20
    for one, other in (("a", "b"), ("a", "whole"), ("b", "whole")):
        assert apart(tmp_path / f"{one}.tif", tmp_path / f"{other}.tif").max() <= 1


@pytest.mark.parametrize(
    "changes",
    [
        {"generator.norm": "group"},
        {"generator.norm": "batch", "inference.norm": "picture"},
        {"generator.norm": "batch", "init.gain": 0.5},
        {"generator": {"use": "unet", "width": 4, "depth": 2}, "inference.norm": "picture"},
    ],
    ids=["group", "batch of a picture", "learned", "unet"],
)
def test_every_norm(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = trained(tmp_path / "run", **changes)
    given = large(tmp_path / "given.tif", 100, 120)
    gan_zoo.translate(run, given, tmp_path / "whole.tif", device="cpu")
    gan_zoo.translate(run, given, tmp_path / "a.tif", tile=64, statistics="exact", device="cpu")
    assert pixels(tmp_path / "whole.tif").std() > 5
    assert apart(tmp_path / "a.tif", tmp_path / "whole.tif").max() <= 1


def test_bfloat16(run: RunFolder, tmp_path: Path) -> None:
    """Half computes each tile in other digits: rounded to 8 bits of precision, not of a picture."""
    given, how = large(tmp_path / "given.tif", 100, 120), {"device": "cpu", "precision": "bfloat16"}
    gan_zoo.translate(run, given, tmp_path / "whole.tif", **how)
    gan_zoo.translate(run, given, tmp_path / "a.tif", tile=64, statistics="exact", **how)
    assert apart(tmp_path / "a.tif", tmp_path / "whole.tif").mean() < 1


def test_the_translator_stays_as_it_is(run: RunFolder, tmp_path: Path) -> None:
    """A job has layers of its own: others may go on calling the model meanwhile."""
    model = gan_zoo.load(run, device="cpu")
    names = [type(layer) for layer in model.cast.networks["generator"].modules()]
    picture = torch.randint(0, 256, (1, 64, 64), dtype=torch.uint8)
    before = model(picture)
    made = tiler(model, tile=64)
    made.statistics.begin("joint")
    made.player.play([{"source": picture}])
    made.statistics.begin("given")
    assert np.array_equal(model(picture), before)
    assert [type(layer) for layer in model.cast.networks["generator"].modules()] == names
    own = dict(model.cast.networks["generator"].named_parameters())
    for name, weight in made.player.cast.networks["generator"].named_parameters():
        assert weight is own[name.replace(".layer.", ".")]


def test_what_is_larger_on_one_side(run: RunFolder, tmp_path: Path) -> None:
    given = large(tmp_path / "given.tif", 40, 190)
    gan_zoo.translate(run, given, tmp_path / "whole.tif", device="cpu")
    gan_zoo.translate(run, given, tmp_path / "a.tif", tile=64, statistics="exact", device="cpu")
    assert apart(tmp_path / "a.tif", tmp_path / "whole.tif").max() <= 1
