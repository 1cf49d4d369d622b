"""Every format of pictures is read as it is stored, or refused with the true reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import yaml
from PIL import Image as Pictures

import gan_zoo
import gan_zoo.testing
from gan_zoo_data.folder_specs import PairedFolderSpec
from tests.plugins.data.odd_files import (
    Writer,
    broken_tags,
    deep_png,
    described,
    holes,
    inks_jpeg,
    pyramid,
    saved,
    small_png,
    texted,
    tiff,
    turned,
)

Mode = str | int | dict[str, Any]


def ranged(mode: str | int, low: float, high: float, **more: object) -> dict[str, Any]:
    return {"mode": mode, "range": [low, high], **more}


NAN = {"nodata": float("nan")}
READ: dict[str, tuple[str, Writer, Mode]] = {
    "grey PNG of 16 bits": ("png", deep_png(1), ranged("grey", 0, 65535)),
    "grey PNG with alpha of 16 bits": ("png", deep_png(2), ranged(2, 0, 65535)),
    "color PNG of 16 bits": ("png", deep_png(3), ranged("rgb", 0, 65535)),
    "color PNG with alpha of 16 bits": ("png", deep_png(4), ranged("rgba", 0, 65535)),
    "grey PNG of 4 bits": ("png", small_png, ranged("grey", 0, 15)),
    "8 bits with a range": ("png", saved("L"), ranged("grey", 0, 100)),
    "8 bits with the usual range": ("png", saved("RGB"), ranged("rgb", 0, 255)),
    "uint16": ("tif", tiff("uint16", 1, 0, 9000), ranged("grey", 0, 10000)),
    "uint16, big endian": ("tif", tiff("uint16", 3, 0, 9000, byteorder=">"), ranged(3, 0, 8000)),
    "int8": ("tif", tiff("int8", 1, -100, 100), ranged("grey", -128, 127)),
    "int16": ("tif", tiff("int16", 1, -9999, 900), ranged("grey", 0, 1000, nodata=-9999)),
    "int32": ("tif", tiff("int32", 1, -70000, 70000), ranged("grey", -70000, 70000)),
    "uint32": ("tif", tiff("uint32", 1, 0, 2**32 - 1), ranged("grey", 0, 2**32 - 1)),
    "float16": ("tif", tiff("float16", 1, 0, 9), ranged("grey", 0, 9)),
    "float32": ("tif", tiff("float32", 1, -0.1, 0.7), ranged("grey", -0.1, 0.7)),
    "float32, big endian": ("tif", tiff("float32", 1, 0, 9, byteorder=">"), ranged(1, 0, 9)),
    "float64": ("tif", tiff("float64", 2, 0, 1e9), ranged(2, 0, 1e9)),
    "float32 with holes": ("tif", holes, ranged("grey", -9, 9, **NAN)),
    "color of 16 bits": ("tif", tiff("uint16", 3, photometric="rgb"), ranged("rgb", 0, 250)),
    "color and infrared": ("tif", tiff("uint8", 4, photometric="rgb", extrasamples=[0]), 4),
    "color and infrared of 16 bits": (
        "tif",
        tiff("uint16", 4, 0, 9000, photometric="rgb", extrasamples=[0]),
        ranged(4, 0, 9000),
    ),
    "color with associated alpha": (
        "tif",
        tiff("uint8", 4, photometric="rgb", extrasamples=[1]),
        4,
    ),
    "color with alpha, planes": (
        "tif",
        tiff("uint8", 4, photometric="rgb", extrasamples=[2], planar=True),
        "rgba",
    ),
    "two bands of radar": ("tif", tiff("uint8", 2, extrasamples=[0]), 2),
    "four bands": ("tif", tiff("uint8", 4), 4),
    "five bands": ("tif", tiff("uint8", 5, photometric="rgb", extrasamples=[0, 0]), 5),
    "twelve planes": ("tif", tiff("float32", 12, -1, 1, planar=True), ranged(12, -1, 1)),
    "tiles": ("tif", tiff("uint16", 5, tile=(16, 16)), ranged(5, 0, 250)),
    "predicted and packed": (
        "tif",
        tiff("uint16", 4, compression="zlib", predictor=2),
        ranged(4, 0, 250),
    ),
    "tiles of packed planes": (
        "tif",
        tiff("int16", 3, -9, 9, compression="zlib", predictor=2, tile=(16, 16), planar=True),
        ranged(3, -9, 9),
    ),
    "BigTIFF": ("tif", tiff("uint16", 6, bigtiff=True), ranged(6, 0, 250)),
    "BigTIFF of 8 bits": ("tif", tiff("uint8", 3, bigtiff=True, photometric="rgb"), "rgb"),
    "with a smaller copy": ("tif", pyramid, ranged("rgb", 0, 9000)),
    "inks": ("tif", saved("CMYK"), "cmyk"),
    "inks in JPEG": ("jpg", inks_jpeg, "cmyk"),
    "color with alpha": ("png", saved("RGBA"), "rgba"),
    "color with alpha as bands": ("png", saved("RGBA"), 4),
    "broken tags": ("png", broken_tags, "rgb"),
    "long texts behind": ("png", texted, "rgb"),
    "long texts before": ("png", described, "rgb"),
    **{
        f"turned by {orientation}, {ending}": (
            ending,
            turned(orientation),
            {"mode": "rgb", "orient": "exif"},
        )
        for orientation in range(1, 9)
        for ending in ("png", "tif", "webp")
    },
    "turned by a late tag": ("png", turned(6, late=True), {"mode": "rgb", "orient": "exif"}),
}


def expected(stored: np.ndarray, mode: Mode) -> np.ndarray:
    """What networks see, by the words of the how-to."""
    said = mode if isinstance(mode, dict) else {"mode": mode}
    if "range" not in said or (said["range"] == [0, 255] and stored.dtype == np.uint8):
        return stored
    low, high = said["range"]
    wide = stored.astype(np.float64)
    nothing = np.isnan(wide) | (stored == said.get("nodata", np.nan))
    made = 2 * (np.clip(wide, low, high) - low) / (high - low) - 1
    return np.where(nothing, -1.0, made).astype(np.float32)


def folder(root: Path, ending: str, write: Writer, split: str = "train") -> np.ndarray:
    """One pair: the odd file as source, color of its size as target; what it stores."""
    for side in "AB":
        (root / side / split).mkdir(parents=True)
    stored = write(root / "A" / split / f"x.{ending}")
    Pictures.fromarray(np.zeros((*stored.shape[:2], 3), np.uint8)).save(
        root / "B" / split / "x.png"
    )
    return stored


def data(root: Path, mode: Mode, **more: Any) -> PairedFolderSpec:
    return PairedFolderSpec.model_validate({"root": str(root), "source": mode, **more})


@pytest.mark.parametrize("kind", READ)
def test_every_number_is_read_as_it_is_stored(tmp_path: Path, kind: str) -> None:
    """Headers and pixels hold, in training and as inputs, and recipes keep the words."""
    ending, write, mode = READ[kind]
    stored = folder(tmp_path, ending, write)
    spec = data(tmp_path, mode)
    assert spec.decode("train") == []
    assert list(spec.sizes("train")) == [stored.shape[:2]]
    inputs = spec.inputs(tmp_path / "A/train", maps=["source"])
    for samples in (spec.open("train"), inputs):
        seen = samples.read(0, None).maps["source"]
        wanted = torch.from_numpy(np.ascontiguousarray(expected(stored, mode).transpose(2, 0, 1)))
        assert seen.dtype == wanted.dtype
        assert seen.shape[0] == spec.maps()["source"].channels
        slack = 1 if kind == "inks in JPEG" else 0 if seen.dtype == torch.uint8 else 3e-7
        assert (seen.double() - wanted.double()).abs().max() <= slack
    dumped = yaml.safe_load(yaml.safe_dump(spec.model_dump(mode="json")))
    assert PairedFolderSpec.model_validate({k: v for k, v in dumped.items() if k != "use"}) == spec


TRAINED = [
    *("grey PNG of 16 bits", "color PNG with alpha of 16 bits", "8 bits with the usual range"),
    *("int16", "uint32", "float32 with holes", "color and infrared", "twelve planes", "inks"),
    *(
        "color with associated alpha",
        "long texts behind",
        "turned by 6, webp",
        "two bands of radar",
    ),
]


@pytest.mark.parametrize("kind", TRAINED)
def test_every_format_trains_and_translates(tmp_path: Path, kind: str) -> None:
    ending, write, mode = READ[kind]
    stored = folder(tmp_path, ending, write)
    changes = {
        "data": {
            "use": "paired_folder",
            "root": str(tmp_path),
            "direction": "a_to_b",
            "source": mode,
            "workers": 0,
        },
        "generator": {"depth": 3, "width": 2},
        "discriminator": {"layers": 1, "width": 2},
        "phases.main": {"epochs": None, "steps": 2},
        "callbacks": None,
        "validation": None,
    }
    recipe = gan_zoo.Recipe.load("pix2pix", set=changes)
    run = gan_zoo.train(recipe, tmp_path / "run", report=False)
    gan_zoo.translate(run.path, tmp_path / "A/train", tmp_path / "out")
    with Pictures.open(tmp_path / "out/x.png") as made:
        assert (made.mode, made.height, made.width) == ("RGB", *stored.shape[:2])


@pytest.mark.parametrize("dtype", ["float16", "float64", "int64", "uint64"])
def test_targets_of_any_type_come_back_in_it(tmp_path: Path, dtype: str) -> None:
    folder(tmp_path / "data", "tif", tiff(dtype, 1, 0, 90))
    changes = {
        "data": {
            "use": "paired_folder",
            "root": str(tmp_path / "data"),
            "direction": "b_to_a",
            "target": ranged("grey", 0, 90),
            "workers": 0,
        },
        "generator": {"depth": 3, "width": 2},
        "discriminator": {"layers": 1, "width": 2},
        "phases.main": {"epochs": None, "steps": 1},
        "callbacks": None,
        "validation": None,
    }
    run = gan_zoo.train(gan_zoo.Recipe.load("pix2pix", set=changes), tmp_path / "run", report=False)
    gan_zoo.translate(run.path, tmp_path / "data/B/train", tmp_path / "out")
    made = tifffile.imread(tmp_path / "out/x.tif")
    assert made.dtype == dtype
    assert made.min() >= 0
    assert made.max() <= 90
