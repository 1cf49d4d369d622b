"""Parts of files are what the same parts of the whole files are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from gan_zoo.errors import DataError
from gan_zoo_data.files import tiff_windows, tiffs
from gan_zoo_data.files.tiff_windows import TiffWindows
from gan_zoo_data.folder_specs import PairedFolderSpec

HIGH, WIDE = 75, 90
BOX = (13, 21, 40, 50)


def written(path: Path, *, bands: int = 3, dtype: str = "uint8", **how: Any) -> np.ndarray:
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 250, (HIGH, WIDE, bands)).astype(dtype)
    whole = pixels[..., 0] if bands == 1 else pixels
    words = {"photometric": "rgb" if bands == 3 else "minisblack", **how}
    if words.get("planarconfig") == "separate":
        tifffile.imwrite(path, pixels.transpose(2, 0, 1), **words)
    else:
        tifffile.imwrite(path, whole, **words)
    return pixels


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rowsperstrip": 7},
        {"tile": (32, 16)},
        {"rowsperstrip": 7, "compression": "zlib"},
        {"tile": (32, 48), "compression": "zlib"},
        {"planarconfig": "separate", "rowsperstrip": 10},
        {"planarconfig": "separate", "tile": (16, 16), "compression": "zlib"},
        {"byteorder": ">", "dtype": "uint16", "bands": 1},
        {"byteorder": ">", "dtype": "float32", "bands": 1, "tile": (16, 32)},
        {"bigtiff": True, "bands": 5, "planarconfig": "contig", "rowsperstrip": 20},
    ],
    ids=str,
)
def test_parts(tmp_path: Path, how: dict[str, Any]) -> None:
    path = tmp_path / "given.tif"
    whole = written(path, **how)
    tags = tiffs.read_tags(path)
    assert tags is not None
    windows = TiffWindows.of(path, tags)
    assert windows is not None
    top, left, height, width = BOX
    part = windows.read(*BOX)
    assert part.dtype == whole.dtype
    assert np.array_equal(part, whole[top : top + height, left : left + width])
    assert np.array_equal(windows.read(0, 0, HIGH, WIDE), whole)
    assert np.array_equal(windows.read(HIGH - 1, WIDE - 1, 1, 1), whole[-1:, -1:])
    windows.close()


def test_what_is_not_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "white.tif"
    tifffile.imwrite(path, np.zeros((9, 9), np.uint8), photometric="miniswhite")
    tags = tiffs.read_tags(path)
    assert tags is not None
    assert TiffWindows.of(path, tags) is None
    path = tmp_path / "turned.tif"
    tifffile.imwrite(path, np.zeros((9, 9), np.uint8), extratags=[(274, "H", 1, 6, True)])
    tags = tiffs.read_tags(path)
    assert tags is not None
    assert TiffWindows.of(path, tags) is None
    path = tmp_path / "strip.tif"  # one strip that is packed would be unpacked for each part
    written(path, rowsperstrip=HIGH, compression="zlib")
    monkeypatch.setattr(tiff_windows, "LARGEST", 1000)
    tags = tiffs.read_tags(path)
    assert tags is not None
    assert TiffWindows.of(path, tags) is None


def test_a_file_that_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "given.tif"
    written(path, rowsperstrip=HIGH)
    tags = tiffs.read_tags(path)
    assert tags is not None
    windows = TiffWindows.of(path, tags)
    assert windows is not None
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(DataError, match="is damaged or cut short"):
        windows.read(HIGH - 2, 0, 2, WIDE)
    windows.close()


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("pairs", [False, True])
def test_samples(tmp_path: Path, suffix: str, pairs: bool) -> None:
    """Of a file that is held, of one that is not, and of halves."""
    pixels = np.random.default_rng(0).integers(0, 256, (HIGH, WIDE, 3)).astype(np.uint8)
    path = tmp_path / f"given.{suffix}"
    if suffix == "png":
        Image.fromarray(pixels).save(path)
    else:
        tifffile.imwrite(path, pixels, photometric="rgb")
    spec = PairedFolderSpec(root=str(tmp_path / "data"), direction="b_to_a", source="rgb")
    dataset: Any = spec.inputs(path, pairs=pairs).for_windows()  # type: ignore[attr-defined]
    windows = dataset.windows(0, ["source"])
    assert windows.size == (HIGH, WIDE // 2 if pairs else WIDE)
    assert windows.files == (str(path),)
    assert bool(windows.held) == (suffix == "png")
    whole = dataset.read(0, None).maps["source"]
    found = windows.read(3, 5, 20, 30)["source"]
    assert torch.equal(found, whole[:, 3:23, 5:35])
    assert windows.unshown(3, 5, 20, 30) is None
    windows.close()
