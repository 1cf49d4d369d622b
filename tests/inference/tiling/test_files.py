"""What is read and written of large pictures: tags, types, holes, ids; small ones beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image as PIL

import gan_zoo
from gan_zoo.inference.tiling.blending import Blend
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo_data.windows import FileWindows
from tests.inference.conftest import grey, picture
from tests.inference.tiling.conftest import RESNET, TINY, apart, large, pixels, scenery

HOW: dict[str, Any] = {"device": "cpu", "tile": 64, "statistics": "exact"}
GEO = [
    (33550, "d", 3, (30.0, 30.0, 0.0), True),
    (33922, "d", 6, (0.0, 0.0, 0.0, 500000.0, 4100000.0, 0.0), True),
    (34735, "H", 8, (1, 1, 0, 1, 1024, 0, 1, 1), True),
]


def tags(path: Path) -> dict[int, Any]:
    with tifffile.TiffFile(path) as file:
        return {tag.code: tag.value for tag in file.pages[0].tags}


def test_georeference_and_resolution_stay(run: RunFolder, tmp_path: Path) -> None:
    how = {"extratags": GEO, "resolution": (300, 200), "resolutionunit": 2}
    given = large(tmp_path / "given.tif", 100, 120, **how)
    gan_zoo.translate(run, given, tmp_path / "whole.tif", device="cpu")
    gan_zoo.translate(run, given, tmp_path / "made.tif", **HOW)
    made, whole = tags(tmp_path / "made.tif"), tags(tmp_path / "whole.tif")
    assert made[33550] == (30.0, 30.0, 0.0)
    assert made[33922][3:5] == (500000.0, 4100000.0)
    for tag in (256, 257, 258, 262, 277, 282, 283, 296, 33550, 33922, 34735):
        assert made[tag] == whole[tag], tag
    with tifffile.TiffFile(tmp_path / "made.tif") as file:
        assert file.is_bigtiff
        assert file.pages[0].is_tiled


def ranged(root: Path, target: Any, source: Any) -> RunFolder:
    """A run on floats."""
    draw = np.random.default_rng(0)
    for side, (low, high) in {"A": (0, 100), "B": (0, 3000)}.items():
        folder = root / side / "train"
        folder.mkdir(parents=True)
        bands = draw.uniform(low, high, (64, 64)).astype(np.float32)
        tifffile.imwrite(folder / "0.tif", bands, photometric="minisblack")
    data = {
        **{"use": "paired_folder", "root": str(root), "direction": "a_to_b", "batch": 1},
        **{"source": source, "target": target, "workers": 0},
    }
    recipe = gan_zoo.Recipe.load("pix2pix", set={**TINY, "data": data, "inference.dropout": False})
    return gan_zoo.train(recipe, root / "run", report=False, reporter=Reporter(quiet=True))


def test_types_and_holes_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = {"mode": "grey", "range": [0, 100], "nodata": -1}
    target = {"mode": 1, "range": [0, 3000], "nodata": -9999, "dtype": "int16"}
    run = ranged(tmp_path / "data", target, source)
    numbers = np.random.default_rng(1).uniform(0, 100, (110, 90)).astype(np.float32)
    numbers[50:80, 20:70] = -1
    tifffile.imwrite(tmp_path / "given.tif", numbers, photometric="minisblack")
    gan_zoo.translate(run.path, tmp_path / "given.tif", tmp_path / "whole.tif", device="cpu")
    capsys.readouterr()
    gan_zoo.translate(run.path, tmp_path / "given.tif", tmp_path / "made.tif", **HOW)
    assert "1 with pixels of no data, which are -9999 there" in capsys.readouterr().out
    made, whole = pixels(tmp_path / "made.tif"), pixels(tmp_path / "whole.tif")
    assert made.dtype == np.int16
    assert np.array_equal(made == -9999, numbers == -1)
    assert np.abs(made.astype(int) - whole).max() <= 1
    assert tags(tmp_path / "made.tif")[42113] == "-9999"


def test_small_pictures_are_made_whole(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    grey(picture(60, 64)).save(folder / "small.png")
    large(folder / "large.tif", 100, 120)
    gan_zoo.translate(run, folder / "small.png", tmp_path / "whole", device="cpu")
    assert gan_zoo.translate(run, folder, tmp_path / "out", **HOW) == 2
    found = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert found == ["large.tif", "small.png"]
    small = [(tmp_path / name / "small.png").read_bytes() for name in ("out", "whole")]
    assert small[0] == small[1]
    assert capsys.readouterr().out.count("pixels in ") == 1


def test_files_that_are_read_whole(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large(tmp_path / "given.tif", 100, 120)
    grey(torch.from_numpy(scenery(100, 120))[None]).save(tmp_path / "given.png")
    gan_zoo.translate(run, tmp_path / "given.tif", tmp_path / "parts.tif", **HOW)
    assert "cannot be read in parts" not in capsys.readouterr().out
    gan_zoo.translate(run, tmp_path / "given.png", tmp_path / "held.tif", **HOW)
    assert "its file cannot be read in parts, and is held" in capsys.readouterr().out
    assert apart(tmp_path / "parts.tif", tmp_path / "held.tif").max() == 0


def test_boundaries_are_those_of_the_whole_picture(tmp_path: Path) -> None:
    """No line appears where a tile ends, and ids keep their meaning from tile to tile."""
    blocks = np.random.default_rng(0).integers(0, 4, (12, 14))
    ids = np.kron(blocks, np.ones((10, 10), int)).astype(np.uint8)
    root = tmp_path / "data"
    photo = np.random.default_rng(1).integers(0, 256, (64, 64, 3))
    for kind, part in {"label": ids[:64, :64] % 3, "inst": ids[:64, :64], "img": photo}.items():
        (root / f"train_{kind}").mkdir(parents=True)
        PIL.fromarray(part.astype(np.uint8)).save(root / f"train_{kind}" / "0.png")
    data = {"use": "label_folder", "root": str(root), "classes": 3, "instance": True}
    data |= {"instances": 20, "batch": 1, "workers": 0}
    conditions = {"picture": None, "classes": {"use": "one_hot"}, "edges": {"use": "boundary"}}
    changes = {**TINY, "data": data, "conditions": conditions, "generator": RESNET}
    recipe = gan_zoo.Recipe.load("pix2pix", set={**changes, "inference.dropout": False})
    run = gan_zoo.train(recipe, root / "run", report=False, reporter=Reporter(quiet=True))
    given = tmp_path / "in"
    for kind, part in {"label": ids % 3, "inst": ids}.items():
        (given / f"test_{kind}").mkdir(parents=True)
        tifffile.imwrite(given / f"test_{kind}" / "0.tif", part, photometric="minisblack")
    there = given / "test_label"
    gan_zoo.translate(run, there, tmp_path / "whole", device="cpu", format="tiff")
    gan_zoo.translate(run, there, tmp_path / "made", **HOW)
    assert pixels(tmp_path / "made/0.tif").std() > 5
    assert apart(tmp_path / "made/0.tif", tmp_path / "whole/0.tif").max() <= 1


def test_what_is_held_does_not_grow_with_the_picture(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice as high: the same rows are read and blended at once."""
    read, blended = [], []
    own_read, own_finish = FileWindows.read, Blend.finish

    def reading(self: FileWindows, *box: int) -> Any:
        read.append(box[2] * box[3])
        return own_read(self, *box)

    def finishing(self: Blend) -> np.ndarray:
        held = self.strip.shape[1] + (0 if self.carried is None else self.carried.shape[1])
        blended.append(held)
        return own_finish(self)

    monkeypatch.setattr(FileWindows, "read", reading)
    monkeypatch.setattr(Blend, "finish", finishing)
    most = []
    for height in (128, 512):
        read.clear()
        blended.clear()
        given = large(tmp_path / f"{height}.tif", height, 100)
        gan_zoo.translate(run, given, tmp_path / f"made{height}.tif", **HOW)
        most.append((max(read), max(blended)))
    assert most[0] == most[1]
    assert most[1][0] == 64 * 100
    assert most[1][1] <= 2 * 64


def test_large_files_are_not_refused_for_their_pixels(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = large(tmp_path / "given.tif", 100, 120)
    monkeypatch.setenv("GAN_ZOO_MOST_PIXELS", "9000")
    with pytest.raises(gan_zoo.DataError, match="has 12,000 pixels"):
        gan_zoo.translate(run, given, tmp_path / "whole.tif", device="cpu")
    assert gan_zoo.translate(run, given, tmp_path / "made.tif", **HOW) == 1


def test_a_cut_overlap_is_told_with_what_it_leaves(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = large(tmp_path / "given.tif", 100, 120)
    gan_zoo.translate(run, given, tmp_path / "made.tif", **HOW, overlap=3)
    said = capsys.readouterr().out
    assert "overlap 3 is rounded up to a multiple of 2" in said
    assert "the overlap of 4 is less than networks see (12 pixels far): where tiles meet" in said


def test_no_overlap_at_all(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = large(tmp_path / "given.tif", 70, 120)
    gan_zoo.translate(run, given, tmp_path / "made.tif", **HOW, overlap=0)
    said = capsys.readouterr().out
    assert "the overlap of 0 is less than networks see (12 pixels far): tiles see nothing" in said
    gan_zoo.translate(run, given, tmp_path / "whole.tif", device="cpu")
    off = apart(tmp_path / "made.tif", tmp_path / "whole.tif")
    assert off[:50, :50].mean() <= 2  # far from seams


def test_digits_that_float32_has_not(tmp_path: Path) -> None:
    """float64 is blended in float64, across seams too."""
    target = {"mode": 1, "range": [0, 3000], "dtype": "float64"}
    run = ranged(tmp_path / "data", target, {"mode": "grey", "range": [0, 100]})
    numbers = np.random.default_rng(1).uniform(0, 100, (70, 90)).astype(np.float32)
    tifffile.imwrite(tmp_path / "given.tif", numbers, photometric="minisblack")
    how = {"device": "cpu", "precision": "float64"}
    gan_zoo.translate(run.path, tmp_path / "given.tif", tmp_path / "whole.tif", **how)
    gan_zoo.translate(run.path, tmp_path / "given.tif", tmp_path / "made.tif", **{**HOW, **how})
    made, whole = pixels(tmp_path / "made.tif"), pixels(tmp_path / "whole.tif")
    assert made.dtype == np.float64
    assert np.abs(made - whole).max() < 1e-8 * np.abs(whole).max()


def test_files_that_are_read_whole_have_a_bound(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = gan_zoo.load(run, device="cpu").recipe.data
    given = large(tmp_path / "given.tif", 100, 120)
    packed = large(tmp_path / "packed.tif", 100, 120, compression="zlib", rowsperstrip=100)
    grey(torch.from_numpy(scenery(100, 120))[None]).save(tmp_path / "given.png")
    held = {}
    monkeypatch.setattr("gan_zoo_data.files.tiff_windows.LARGEST", 5000)
    for file in (given, packed, tmp_path / "given.png"):
        windows: Any = data.inputs(file).for_windows().windows(0, ["source"])  # type: ignore[attr-defined]
        held[file.name] = windows.held
        windows.close()
    assert held == {"given.tif": 0, "packed.tif": 12_000, "given.png": 12_000}
    monkeypatch.setenv("GAN_ZOO_MOST_PIXELS", "9000")
    for file in (packed, tmp_path / "given.png"):
        with pytest.raises(gan_zoo.DataError, match="has 12,000 pixels"):
            data.inputs(file).for_windows().windows(0, ["source"])  # type: ignore[attr-defined]
