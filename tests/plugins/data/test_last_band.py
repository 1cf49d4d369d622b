"""Under any number of bands, files whose last band is alpha are not mixed with others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pictures

from gan_zoo_data.folder_specs import PairedFolderSpec
from tests.plugins.data.making import picture, save

BANDS = np.full((4, 6, 4), 9, np.uint8)


def band(root: Path, split: str, kind: str, name: str = "x") -> None:
    """A source of four or two bands by what is said of the last, and its target."""
    place = root / "A" / split / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "png":
        Pictures.fromarray(BANDS).save(place.with_suffix(".png"))
    elif kind == "two, png":
        Pictures.fromarray(BANDS[..., :2]).save(place.with_suffix(".png"))
    elif kind == "two":
        grey = {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": [0]}
        tifffile.imwrite(place.with_suffix(".tif"), BANDS[..., :2], **grey)
    elif kind == "nothing":
        tifffile.imwrite(
            place.with_suffix(".tif"), BANDS, photometric="minisblack", planarconfig="contig"
        )
    elif kind.startswith("five"):
        said = {"five": 0, "five, associated": 1, "five, alpha": 2}[kind]
        grey = {"photometric": "minisblack", "planarconfig": "contig"}
        five = np.full((4, 6, 5), 9, np.uint8)
        tifffile.imwrite(place.with_suffix(".tif"), five, extrasamples=[0, 0, 0, said], **grey)
    else:
        said = {"unspecified": 0, "associated": 1, "alpha": 2}[kind]
        how = {"photometric": "rgb", "extrasamples": [said]}
        tifffile.imwrite(place.with_suffix(".tif"), BANDS, **how)
    save(root / "B" / split / f"{name}.png", picture())


ALIKE = [  # two splits, and whether their files say the same of the last band
    ("png", "png", True),
    ("png", "alpha", True),
    ("alpha", "png", True),
    ("unspecified", "unspecified", True),
    ("unspecified", "nothing", True),
    ("associated", "associated", True),
    ("two", "two", True),
    ("png", "unspecified", False),
    ("unspecified", "png", False),
    ("unspecified", "alpha", False),
    ("nothing", "png", False),
    ("png", "associated", False),
    ("associated", "unspecified", False),
    ("two, png", "two", False),
    ("five", "five", True),
    ("five, alpha", "five, alpha", True),
    ("five", "five, alpha", False),
    ("five, alpha", "five", False),
    ("five, associated", "five, alpha", False),
    ("five", "five, associated", False),
]


@pytest.mark.parametrize(("train", "val", "alike"), ALIKE)
def test_between_splits(tmp_path: Path, train: str, val: str, alike: bool) -> None:
    band(tmp_path, "train", train)
    band(tmp_path, "val", val)
    mode = {"two": 2, "fiv": 5}.get(train[:3], 4)
    spec = PairedFolderSpec(root=str(tmp_path), source=mode, direction="a_to_b")
    assert spec.inspect("train") == []
    found = spec.inspect("val")
    assert len(found) == (not alike)
    for told in found:
        assert told.startswith(f"{tmp_path}/A/val/x.")
        assert "but the files of train are" in told


@pytest.mark.parametrize(("first", "second", "alike"), ALIKE)
def test_within_a_split(tmp_path: Path, first: str, second: str, alike: bool) -> None:
    band(tmp_path, "train", first, "a")
    band(tmp_path, "train", second, "b")
    mode = {"two": 2, "fiv": 5}.get(first[:3], 4)
    spec = PairedFolderSpec(root=str(tmp_path), source=mode, direction="a_to_b")
    found = spec.inspect("train")
    assert len(found) == (not alike)
    for told in found:
        assert told.startswith(f"{tmp_path}/A/train/b.")
        assert told.endswith("; convert one kind")


def test_a_split_alone_has_nothing_to_compare(tmp_path: Path) -> None:
    band(tmp_path, "val", "png")
    assert PairedFolderSpec(root=str(tmp_path), source=4, direction="a_to_b").inspect("val") == []
