"""Pixels of which an input shows nothing: translations say so too, where their type can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as PIL

import gan_zoo
from gan_zoo.components import Values
from gan_zoo.inference.picture_files import has_nodata
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import TINY

HIGH, WIDE = 20, 28
HOLE = np.zeros((HIGH, WIDE), bool)
HOLE[3:9, 4:17] = True
SOURCE = {"mode": 2, "range": [0, 100], "nodata": -1}


def run(root: Path, target: Any, source: Any = SOURCE) -> RunFolder:
    """One step on pairs of floats of two bands and whatever the target is."""
    bands = np.random.default_rng(0).uniform(0, 100, (32, 32, 2)).astype(np.float32)
    for side, pixels in (("A", bands), ("B", (bands[..., 0] * 300).astype(np.uint16))):
        (root / "data" / side / "train").mkdir(parents=True)
        how = {"planarconfig": "contig"} if side == "A" else {}
        tifffile.imwrite(
            root / "data" / side / "train/x.tif", pixels, photometric="minisblack", **how
        )
    data = {
        "use": "paired_folder",
        "root": str(root / "data"),
        "direction": "a_to_b",
        "source": source,
        "target": target,
        "workers": 0,
    }
    recipe = gan_zoo.Recipe.load("pix2pix", set={**TINY, "data": data})
    return gan_zoo.train(recipe, root / "run", report=False, reporter=Reporter(quiet=True))


def inputs(root: Path) -> Path:
    """With a hole in both bands, and one of the first alone, which still shows something."""
    bands = np.random.default_rng(1).uniform(0, 100, (HIGH, WIDE, 2)).astype(np.float32)
    bands[HOLE] = -1
    bands[15:, :5, 0] = -1
    root.mkdir()
    how = {"photometric": "minisblack", "planarconfig": "contig"}
    tifffile.imwrite(root / "holed.tif", bands, **how)
    tifffile.imwrite(root / "whole.tif", np.abs(bands), **how)
    return root


@pytest.mark.parametrize(
    ("target", "ending", "number"),
    [
        ({"mode": "grey", "range": [0, 30000], "nodata": 65535}, "png", 65535),
        ({"mode": 1, "range": [0, 30000], "nodata": "nan", "dtype": "float32"}, "tif", np.nan),
        ({"mode": 1, "range": [0, 30000], "nodata": -9999, "dtype": "int16"}, "tif", -9999),
    ],
    ids=["PNG", "NaN", "int16"],
)
def test_holes_stay_holes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], target: Any, ending: str, number: float
) -> None:
    made = run(tmp_path, target)
    gan_zoo.translate(made.path, inputs(tmp_path / "in"), tmp_path / "out")
    assert f"1 with pixels of no data, which are {number:g} there" in capsys.readouterr().out
    files = [tmp_path / f"out/{name}.{ending}" for name in ("holed", "whole")]
    if ending == "png":
        holed, whole = (np.asarray(PIL.open(file)) for file in files)
    else:
        holed, whole = (tifffile.imread(file) for file in files)
    nothing = np.isnan if np.isnan(number) else lambda pixels: pixels == number
    assert np.array_equal(nothing(holed), HOLE)
    assert not nothing(whole).any()


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (SOURCE, {"mode": "grey", "range": [0, 30000]}),
        ({"mode": 2, "range": [-1, 100]}, {"mode": "grey", "range": [0, 30000], "nodata": 65535}),
        (SOURCE, {"mode": "grey", "range": [0, 30000], "nodata": -1}),  # no number of its files
    ],
    ids=["no number of the target", "no number of the source", "no such number"],
)
def test_where_one_side_says_nothing_all_is_translated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: Any, target: Any
) -> None:
    made = run(tmp_path, target, source)
    gan_zoo.translate(made.path, inputs(tmp_path / "in"), tmp_path / "out")
    assert "no data" not in capsys.readouterr().out
    with PIL.open(tmp_path / "out/holed.png") as file:
        assert np.asarray(file).max() <= 30000


@pytest.mark.parametrize(
    ("dtype", "nodata", "holds"),
    [
        ("uint8", None, False),
        ("uint8", 255.0, True),
        ("uint8", 256.0, False),
        ("uint8", -1.0, False),
        ("uint8", 0.5, False),
        ("int16", -9999.0, True),
        ("uint16", float("nan"), False),
        ("float32", float("nan"), True),
        ("float64", -1e30, True),
    ],
)
def test_which_types_hold_a_number(dtype: str, nodata: float | None, holds: bool) -> None:
    assert has_nodata(Values(dtype, 0, 9, nodata)) is holds
