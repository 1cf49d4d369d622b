"""A table says of files what the data said of them: modes, ranges, and how ids are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.components import DataSpec
from gan_zoo.data_tools.division import divide
from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec

COLORS = [(0, 0, 0), (128, 64, 128)]
DEEP: dict[str, Any] = {"source": {"mode": "grey", "range": [0, 9000]}}
MASKS: dict[str, Any] = {"classes": 2, "instance": False, "remap": {255: 1}}
PAINTED: dict[str, Any] = {"classes": 2, "instance": False, "palette": dict(enumerate(COLORS))}


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def fill(root: Path, kind: str) -> DataSpec:
    """Sixteen samples; their data."""
    draw = np.random.default_rng(0)
    for number in range(16):
        name = f"train/{number:02}.png"
        spots = draw.random((16, 16)) > 0.5
        if kind == "deep":
            save(root / "A" / name, draw.integers(0, 9000, (16, 16)).astype(np.uint16))
        elif kind == "masks":
            save(root / f"train_label/{number:02}.png", np.uint8(spots * 255))
        else:
            save(root / f"train_label/{number:02}.png", np.uint8(COLORS)[spots.astype(int)])
        photo = root / "B" / name if kind == "deep" else root / f"train_img/{number:02}.png"
        save(photo, draw.integers(0, 256, (16, 16, 3), np.uint8))
    if kind == "deep":
        return PairedFolderSpec(root=str(root), **DEEP)
    return LabelFolderSpec(root=str(root), **(MASKS if kind == "masks" else PAINTED))


@pytest.mark.parametrize("kind", ["deep", "masks", "painted"])
def test_a_table_reads_files_as_the_data_does(kind: str, tmp_path: Path) -> None:
    data = fill(tmp_path, kind)
    before = data.open("train")
    made = divide(data, {"train": before}, tmp_path / "s.csv", shares={"val": 0.4})
    assert sum(made.counts.values()) == 16
    assert made.counts["val"] > 0
    samples = {sample.name: sample.maps for sample in (before.read(n, None) for n in range(16))}
    for split in made.counts:
        after = made.spec.open(split)
        for sample in (after.read(n, None) for n in range(len(after))):
            for name, wanted in samples[sample.name].items():
                assert torch.equal(sample.maps[name], wanted)


def test_a_table_keeps_what_training_does(tmp_path: Path) -> None:
    fill(tmp_path, "deep")
    words = {"augment": {"joint": {"vertical": 0.5}}, "resampler": "pillow", "cache_size": "1GB"}
    data = PairedFolderSpec.model_validate({"root": str(tmp_path), **DEEP, **words})
    made = divide(data, {"train": data.open("train")}, tmp_path / "s.csv", shares={"val": 0.4})
    said = made.spec.model_dump(exclude_unset=True)
    assert said["augment"]["joint"]["vertical"] == 0.5
    assert (said["resampler"], said["cache_size"]) == ("pillow", "1GB")


def test_a_group_that_takes_no_part_joins_nothing(tmp_path: Path) -> None:
    data = fill(tmp_path, "masks")
    made = divide(
        data, {"train": data.open("train")}, tmp_path / "s.csv", shares={"val": 0.4}, by="^(x)?"
    )
    assert made.together == []
