"""Data of other numbers than those of 8 bits -> files of another layout that read back equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image as Pictures

from gan_zoo.components import DataError, DataSpec, Values
from gan_zoo.data_tools.conversion import compare, convert
from gan_zoo.data_tools.subjects import open_usual
from gan_zoo_data.files import written
from gan_zoo_data.files.written import Form
from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec
from gan_zoo_data.table_specs import ManifestSpec
from tests.plugins.data.odd_files import Writer, deep_png, holes, saved, small_png, tiff
from tests.plugins.data.test_panoptic import CATEGORIES, NUMBERS, coco
from tests.plugins.data.test_panoptic import spec as panoptic

CASES: dict[str, tuple[str, Writer, Any, str]] = {  # of the source; what its file becomes
    "grey of 16 bits": ("png", deep_png(1), ("grey", 0, 65535), ".png uint16"),
    "a part of 16 bits": ("tif", tiff("uint16", 1, 0, 9000), ("grey", 100, 8000), ".png uint16"),
    "color of 16 bits": ("png", deep_png(3), ("rgb", 0, 65535), ".tif uint16"),
    "alpha of 16 bits": ("png", deep_png(4), ("rgba", 0, 65535), ".tif uint16"),
    "five bands": ("tif", tiff("uint16", 5, 0, 9000), (5, 0, 9000), ".tif uint16"),
    "4 bits": ("png", small_png, ("grey", 0, 15), ".png uint8"),
    "signed": ("tif", tiff("int16", 1, -9999, 900), ("grey", 0, 1000, -9999), ".tif int16"),
    "32 bits": ("tif", tiff("int32", 1, -70000, 70000), ("grey", -70000, 70000), ".tif int32"),
    "heights": ("tif", tiff("float32", 1, -31.7, 8848.9), ("grey", -32, 8849), ".tif float32"),
    "floats far from 0": ("tif", tiff("float32", 1, 1e6, 1e6 + 3), (1, 1e6, 1e6 + 3), ".tif"),
    "floats of 64 bits": ("tif", tiff("float64", 2, 0, 1e9), (2, 0, 1e9), ".tif float64"),
    "floats of 16 bits": ("tif", tiff("float16", 1, 0, 9), ("grey", 0, 9), ".tif float16"),
    "holes": ("tif", holes, ("grey", -9, 9, "nan"), ".tif float32"),
    "inks": ("tif", saved("CMYK"), "cmyk", ".tif uint8"),
    "eight bits, five bands": ("tif", tiff("uint8", 5), 5, ".tif uint8"),
    "the usual range of 16 bits": ("tif", tiff("uint16", 1, 0, 255), (1, 0, 255), ".png uint16"),
}


def mode(said: Any) -> Any:
    if not isinstance(said, tuple):
        return said
    word, low, high, *nodata = said
    return {"mode": word, "range": [low, high], **({"nodata": nodata[0]} if nodata else {})}


def pairs(root: Path, kind: str, **more: Any) -> PairedFolderSpec:
    ending, write, said, _ = CASES[kind]
    for split in ("train", "val"):
        for side in "AB":
            (root / side / split).mkdir(parents=True)
        stored = write(root / "A" / split / f"x.{ending}")
        photo = np.zeros((*stored.shape[:2], 3), np.uint8)
        Pictures.fromarray(photo).save(root / "B" / split / "x.png")
    options = {"source": mode(said), "direction": "a_to_b", **more}
    return PairedFolderSpec.model_validate({"root": str(root), **options})


@pytest.mark.parametrize("to", [PairedFolderSpec, ManifestSpec], ids=lambda to: to.name)
@pytest.mark.parametrize("kind", CASES)
def test_numbers_are_equal_in_any_layout(kind: str, to: type[DataSpec], tmp_path: Path) -> None:
    like = pairs(tmp_path / "data", kind)
    splits = open_usual(like)
    made = convert(like, splits, tmp_path / "out", to)
    compare(made, splits)
    assert made.decode("train") == []
    assert made.values("source").low == like.values("source").low
    assert made.values("source").dtype == like.values("source").dtype
    assert made.values("source").colors in ("grey", like.values("source").colors)
    [file] = [path for path in (tmp_path / "out").rglob("x.*") if {"A", "source"} & {*path.parts}][
        :1
    ]
    suffix, _, dtype = CASES[kind][3].partition(" ")
    assert file.suffix == suffix
    pixels = tifffile.imread(file) if suffix == ".tif" else np.asarray(Pictures.open(file))
    assert not dtype or pixels.dtype == dtype


@pytest.mark.parametrize("kind", ["grey of 16 bits", "signed", "heights", "five bands"])
def test_what_was_resized_lies_between_whole_numbers(kind: str, tmp_path: Path) -> None:
    """It is written as floats, and its outputs stay of the type that they were."""
    like = pairs(tmp_path / "data", kind, load=(11, 13))
    splits = open_usual(like)
    made = convert(like, splits, tmp_path / "out", PairedFolderSpec)
    compare(made, splits)
    assert made.decode("train") == []
    pixels = tifffile.imread(tmp_path / "out/A/train/x.tif")
    assert pixels.dtype in ("float32", "float64")
    assert pixels.shape[:2] == (11, 13)
    assert made.values("source").dtype == like.values("source").dtype


def test_photos_of_label_maps_may_be_deep(tmp_path: Path) -> None:
    for name in ("label", "inst", "img"):
        (tmp_path / f"data/train_{name}").mkdir(parents=True)
    tifffile.imwrite(tmp_path / "data/train_label/x.tif", np.ones((16, 24), np.uint8))
    tifffile.imwrite(tmp_path / "data/train_inst/x.tif", np.full((16, 24), 65535, np.uint16))
    tiff("uint16", 1, 0, 9000)(tmp_path / "data/train_img/x.tif")
    words = {"classes": 2, "target": mode(("grey", 0, 9000))}
    like = LabelFolderSpec.model_validate({"root": str(tmp_path / "data"), **words})
    made = convert(like, open_usual(like), tmp_path / "out", LabelFolderSpec)
    assert made.target.dtype == "uint16"
    assert np.asarray(Pictures.open(tmp_path / "out/train_img/x.png")).max() == 9000


@pytest.mark.parametrize("to", [LabelFolderSpec, ManifestSpec], ids=lambda to: to.name)
def test_colored_instance_ids_stay_colors(to: type[DataSpec], tmp_path: Path) -> None:
    """24 bits, of which a grey PNG holds 16; classes of panoptic maps become ids."""
    coco(tmp_path / "coco")
    like = panoptic(tmp_path / "coco")
    made = convert(like, open_usual(like), tmp_path / "out", to)
    sample = made.open("train").read(0, None)
    assert sample.maps["instance"][0, 3, 2::4].tolist() == NUMBERS
    assert sample.maps["label"][0, 3, 2::4].tolist() == CATEGORIES


@pytest.mark.parametrize("kind", ["heights", "color of 16 bits", "five bands", "inks"])
def test_without_tifffile_nothing_is_written(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    like = pairs(tmp_path / "data", kind)
    splits = open_usual(like)
    monkeypatch.setattr(written, "has_tifffile", lambda: False)
    with pytest.raises(DataError, match=r"source holds \d channels? of .* pip install 'gan-zoo\[t"):
        PairedFolderSpec.write(splits, tmp_path / "out", like)
    assert not (tmp_path / "out").exists()


def test_numbers_that_no_file_holds_are_refused(tmp_path: Path) -> None:
    form = Form(Values("uint16", 0, 9), 1)
    inside = form.numbers(tmp_path / "x.png", torch.tensor([[[-1.0, 1.0]]]))
    assert inside[..., 0].tolist() == [[0, 9]]
    with pytest.raises(DataError) as caught:
        form.numbers(tmp_path / "x.png", torch.tensor([[[-1.5, 1.0]]]))
    assert str(caught.value) == (
        f"{tmp_path}/x.png: its numbers are none that uint16 or float32 or float64 of 0..9 are "
        "read as; they would be clipped: they are -2.25..9, so say a `range` that holds them, or "
        "correct them"
    )
    with pytest.raises(DataError, match="would be rounded"):
        Form(Values(), 1).numbers(tmp_path / "x.png", torch.zeros(1, 2, 2))


@pytest.mark.parametrize(
    ("values", "tiff", "told"),
    [
        (
            Values("uint16", 0, 9),
            False,
            "none that uint16 of 0..9 are read as; they would be rounded; let floats be written, "
            "by tifffile (pip install 'gan-zoo[tiff]'); or leave the size rule out",
        ),
        (
            Values("uint16", 0, 255),
            True,
            "none that uint16 of 0..255 are read as; they would be rounded; leave the size rule "
            "out (`--set data.load=null`), which makes numbers in between",
        ),
    ],
)
def test_a_refusal_names_the_types_that_were_tried(
    values: Values, tiff: bool, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "has_tifffile", lambda: tiff)
    with pytest.raises(DataError) as caught:
        Form(values, 1).numbers(tmp_path / "x.png", torch.tensor([[[-0.3, 1.0]]]))
    assert told in str(caught.value)
