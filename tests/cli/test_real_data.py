"""Real data sets from the command line: train, go on, translate. Skipped where they are absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command
from tests.plugins.data.making import SHARED

SIZE = 64
LABELS = {
    "conditions": {"picture": None, "labels": {"use": "one_hot"}, "edges": {"use": "boundary"}},
    "method": {"turns": "simultaneous"},
}
SETS: dict[str, dict[str, Any]] = {
    "facades_inst_hd": {"data": {"use": "label_folder", "classes": 11}, **LABELS},
    "nuclei_inst_hd": {"data": {"use": "label_folder", "classes": 2}, **LABELS},
    "earth_relief_ab": {"data": {"use": "paired_folder"}},
    "emoji_fluent_ab": {"data": {"use": "paired_folder"}},
}


def recipe(name: str, folder: Path) -> Path:
    """A recipe file for a data set at a small size."""
    told = json.loads(json.dumps(SETS[name]))
    told["data"] |= {"root": str(SHARED / name), "batch": 2, "workers": 0}
    told |= {"extends": "pix2pix", "phases": {"main": {"epochs": None, "schedule": None}}}
    told["phases"]["main"] |= {"steps": 4, "size": [SIZE, SIZE]}
    told |= {
        "generator": {"depth": 4, "width": 8, "dropout": "none"},
        "discriminator": {"width": 8, "layers": 2},
        "callbacks": None,
        "inference": {"norm": "running", "dropout": False},
        "engine": {"device": "cpu"},
    }
    file = folder / "mine.yaml"
    file.write_text(json.dumps(told))
    return file


def inputs(name: str, folder: Path) -> Path:
    """Two inputs of odd sizes, cut and pasted from real ones."""
    given = folder / "test_label"
    given.mkdir()
    if "label_folder" not in str(SETS[name]):
        source = next((SHARED / name / "test").glob("*.*"))
        with Image.open(source) as opened:
            left = opened.crop((0, 0, opened.width // 2, opened.height))
        for size in ((700, 1000), (53, 37)):
            left.resize(size).save(given / f"{size[1]}.png")
        return given
    (folder / "test_inst").mkdir()
    label = next((SHARED / name / "test_label").glob("*.png"))
    for size in ((700, 1000), (53, 37)):
        for kind in ("label", "inst"):
            with Image.open(SHARED / name / f"test_{kind}" / label.name) as opened:
                ids = np.asarray(opened)
            high, wide = (np.arange(side) for side in reversed(size))
            whole = ids[high[:, None] % ids.shape[0], wide[None] % ids.shape[1]]
            Image.fromarray(whole).save(folder / f"test_{kind}" / f"{size[1]}.png")
    return given


@pytest.mark.parametrize("name", SETS)
def test_a_data_set_trains_goes_on_and_translates(zoo: Command, tmp_path: Path, name: str) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip(f"no real data at hand: {SHARED / name} is not there")
    run = tmp_path / "run"
    made = zoo("run", recipe(name, tmp_path), "--out", run, "--steps", 2)
    assert made.code == 0, made.err
    assert zoo("resume", run, "--steps", "all").code == 0
    logged = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert logged[-1]["step"] == 4
    said = zoo("translate", run, inputs(name, tmp_path), tmp_path / "out")
    assert said.code == 0, said.err
    for path, size in (("1000.png", (700, 1000)), ("37.png", (53, 37))):
        with Image.open(tmp_path / "out" / path) as picture:
            assert picture.size == size
