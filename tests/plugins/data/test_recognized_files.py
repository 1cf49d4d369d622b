"""What recognition says of the files of a map: their mode, their range, and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pictures

from gan_zoo.components import Found
from gan_zoo.registry.recognition import recognize
from gan_zoo_data.folder_specs import PairedFolderSpec
from gan_zoo_data.folders.file_modes import mode_of
from tests.plugins.data.making import ids, picture, save


def deep(path: Path, low: int, high: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = np.linspace(low, high, 16 * 16).reshape(16, 16).astype(np.uint16)
    Pictures.fromarray(numbers).save(path)
    return path


def test_deep_files_are_said_with_the_range_of_some(tmp_path: Path) -> None:
    for number, (low, high) in enumerate([(30, 4000), (12, 9000), (50, 60)]):
        deep(tmp_path / f"A/train/{number}.png", low, high)
        save(tmp_path / f"B/train/{number}.png", picture(height=16, width=16))
    [(_, found)] = recognize(tmp_path)
    assert isinstance(found, Found)
    assert isinstance(found.spec, PairedFolderSpec)
    assert found.spec.model_dump(mode="json")["source"]["range"] == [12.0, 9000.0]
    assert found.spec.target == "rgb"
    assert [note for note in found.notes if note.startswith("source")] == [
        "source: the range [12, 9000] is that of 3 of 3 files; write one that holds for all, those "
        "to translate too, since what lies beyond is clipped"
    ]
    sample = found.spec.open("train").read(1, None).maps["source"]
    assert [sample.min().item(), sample.max().item()] == [-1, 1]


def test_holes_of_floats_are_said(tmp_path: Path) -> None:
    numbers = np.linspace(-2.5, 7.25, 64).reshape(8, 8).astype(np.float32)
    numbers[3, 3] = np.nan
    tifffile.imwrite(tmp_path / "x.tif", numbers)
    made, notes = mode_of([tmp_path / "x.tif"], "target")
    assert made == {"mode": "grey", "range": [-2.5, 7.25], "nodata": "nan"}
    assert len(notes) == 1


def test_pixels_that_show_nothing_are_said_as_gdal_writes_them(tmp_path: Path) -> None:
    numbers = np.array([[-9999, 3, 40, 7]], np.int16)
    tifffile.imwrite(tmp_path / "x.tif", numbers, extratags=[(42113, "s", 6, "-9999", True)])
    made, _ = mode_of([tmp_path / "x.tif"], "source")
    assert made == {"mode": "grey", "range": [3, 40], "nodata": -9999}


@pytest.mark.parametrize(
    ("mode", "word"), [("L", "grey"), ("RGB", "rgb"), ("RGBA", "rgba"), ("CMYK", "cmyk")]
)
def test_plain_files_are_said_by_a_word(tmp_path: Path, mode: str, word: str) -> None:
    path = save(tmp_path / "x.tif", picture(mode))
    assert mode_of([path], "source") == (word, [])


def test_masks_of_0_and_255_have_two_classes(tmp_path: Path) -> None:
    mask = np.zeros((16, 16), int)
    mask[4:9] = 255
    save(tmp_path / "train_label/x.png", ids(mask))
    save(tmp_path / "train_img/x.png", picture(height=16, width=16))
    found = {name: said for name, said in recognize(tmp_path)}["label_folder"]
    assert isinstance(found, Found)
    options = found.spec.model_dump(mode="json", exclude_unset=True)
    assert (options["classes"], options["remap"]) == (2, {"255": 1})
    assert "ignore" not in options
    label = found.spec.open("train").read(0, None).maps["label"]
    assert label[0, :, 0].tolist() == [int(4 <= row < 9) for row in range(16)]


def test_turned_files_are_said_to_be(tmp_path: Path) -> None:
    exif = Pictures.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "x.jpg", picture(), exif=exif)
    made, notes = mode_of([path], "source")
    assert made == {"mode": "rgb", "orient": "exif"}
    assert notes == ["source: files are turned by an EXIF tag; orient: exif turns their pixels"]


def test_infinite_numbers_are_no_holes(tmp_path: Path) -> None:
    numbers = np.array([[1, 3], [np.inf, 2]], np.float32)
    tifffile.imwrite(tmp_path / "x.tif", numbers)
    made, notes = mode_of([tmp_path / "x.tif"], "target")
    assert made == {"mode": "grey", "range": [1, 3]}
    assert notes[1] == ("target: there are infinite numbers, which become the ends of the range")
