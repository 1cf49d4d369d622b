"""What the page about odd formats tells to type works, and says what the page quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml
from PIL import Image

from gan_zoo.components.data import DataSpec
from gan_zoo.registry.zoo import Zoo
from gan_zoo_data.files import pictures, tiffs
from gan_zoo_data.files.decoder import MOST
from tests.docs.test_how_to import PAGES, follow, picture
from tests.plugins.data.odd_files import holes, pages, raw, saved, tiff, turned

PAGE = (PAGES / "odd-formats.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(.+?)` \| ", re.MULTILINE)


def heights(root: Path) -> None:
    """Height maps of 16 bits, up to 12000, and photos."""
    numbers = np.linspace(0, 12000, 80 * 80).reshape(80, 80).astype(np.uint16)
    for split in ("train", "val", "test"):
        for number in range(2):
            picture(root / "B" / split / f"{number:03}.png")
            place = root / "A" / split / f"{number:03}.tif"
            place.parent.mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(place, numbers)


def test_odd_formats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    heights(tmp_path / "my_heights")
    monkeypatch.chdir(tmp_path)
    assert follow("odd-formats.md", capfd) == 5
    assert sorted(path.name for path in Path("out").iterdir()) == ["000.png", "001.png"]


def test_every_recipe_of_the_page_is_one() -> None:
    boxes = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    specs = [Zoo.installed().resolve(DataSpec, yaml.safe_load(box)["data"], {}) for box in boxes]
    assert [spec.maps()["label"].classes for spec in specs] == [2, 6, 19, 3, 201, 2]


def test_every_mode_of_the_page_is_one() -> None:
    table = PAGE.partition("## 2.")[2].partition("## 3.")[0]
    said = [yaml.safe_load(word) for row in ROW.findall(table) for word in row.split("`, `")]
    assert len(said) == 8
    for mode in said:
        data = {"use": "paired_folder", "root": "x", "source": mode}
        assert Zoo.installed().resolve(DataSpec, data, {}).maps()["source"].channels in (1, 3, 4, 5)


def source(write: Callable[[Path], object], name: str, mode: object = "rgb") -> Callable[..., str]:
    """What is said of a source file."""

    def said(root: Path, patch: pytest.MonkeyPatch) -> str:
        picture(root / "B/train/x.png", 16, 24)
        (root / "A/train").mkdir(parents=True)
        write(root / "A/train" / name)
        data = {"use": "paired_folder", "root": str(root), "source": mode, "direction": "a_to_b"}
        return "\n".join(Zoo.installed().resolve(DataSpec, data, {}).decode("train"))

    return said


def label(
    write: Callable[[Path], object], kind: str = "label", **more: object
) -> Callable[..., str]:
    """What is said of a map of ids."""

    def said(root: Path, patch: pytest.MonkeyPatch) -> str:
        for name in ("label", "inst", "img"):
            (root / f"train_{name}").mkdir(parents=True)
            picture(root / f"train_{name}/x.png", 16, 24, "RGB" if name == "img" else "L")
        Image.new("L", (24, 16)).save(root / "train_label/x.png")
        (root / f"train_{kind}/x.png").unlink()
        write(root / f"train_{kind}/x.tif")
        data = {"use": "label_folder", "root": str(root), "classes": 2, **more}
        return "\n".join(Zoo.installed().resolve(DataSpec, data, {}).decode("train"))

    return said


def other_segments(root: Path, patch: pytest.MonkeyPatch) -> str:
    table = {"categories": [], "annotations": [{"file_name": "x.png", "segments_info": []}]}
    (root / "train_label.json").write_text(json.dumps(table))
    layout = {"label": "{split}_label", "target": "{split}_img"}
    words = {"layout": layout, "instance": False, "label_colors": "panoptic"}
    return label(saved("RGB"), **words)(root, patch)


def without_tifffile(root: Path, patch: pytest.MonkeyPatch) -> str:
    for module in (tiffs, pictures):
        patch.setattr(module, "has_tifffile", lambda: False)
    return source(tiff("uint8", 5), "x.tif", 5)(root, patch)


def with_a_limit(root: Path, patch: pytest.MonkeyPatch) -> str:
    patch.setenv(MOST, "99")
    return source(saved("RGB"), "x.png")(root, patch)


REFUSED: dict[str, Callable[[Path, pytest.MonkeyPatch], str]] = {
    "The numbers go from": source(tiff("uint16"), "x.tif", "grey"),
    "to keep all bands": source(tiff("uint8", 5), "x.tif"),
    "pip install 'gan-zoo[tiff]'": without_tifffile,
    "Say `source: cmyk`": source(saved("CMYK"), "x.tif"),
    "orient: exif": source(turned(3), "x.png"),
    "numbers are none (NaN)": source(holes, "x.tif", {"mode": "grey", "range": [-9, 9]}),
    "a series of": source(pages(), "x.tif"),
    "whatever its name says": source(raw(b"GIF89a" + bytes(40)), "x.png"),
    "GAN_ZOO_MOST_PIXELS=": with_a_limit,
    "but ids count from 0": label(tiff("int8", 1, -1, 2)),
    "does not know; add": label(saved("RGB"), palette={0: [1, 2, 3]}),
    "instance_colors: rgb24": label(saved("RGB"), "inst"),
    "which are no segments of": other_segments,
}


def test_the_page_quotes_every_refusal_that_is_provoked_here() -> None:
    assert ROW.findall(PAGE.partition("## What a refusal means")[2]) == list(REFUSED)


@pytest.mark.parametrize("quoted", REFUSED)
def test_a_refusal_is_worded_as_quoted(
    quoted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert quoted in REFUSED[quoted](tmp_path, monkeypatch)
