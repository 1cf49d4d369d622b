"""Every layout that is found by itself trains two steps, and its inputs are translated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pictures

import gan_zoo
from gan_zoo.registry.recognition import recognize
from gan_zoo.reporter import Reporter
from tests.plugins.data.making import INSTANCES, LABELS, ids, picture, save, side_by_side
from tests.plugins.data.test_layouts import MAPS, PAIRS

HIGH, WIDE = 16, 24
TINY: dict[str, Any] = {
    "generator": {"depth": 3, "width": 2},
    "discriminator": {"layers": 1, "width": 2},
    "phases.main": {"epochs": None, "steps": 2, "schedule": None},
    "callbacks": None,
    "validation": None,
}


def photo(value: int) -> Pictures.Image:
    return picture(height=HIGH, width=WIDE, value=value)


def train_and_translate(root: Path, data: dict[str, Any], inputs: Path, **words: Any) -> list[Path]:
    """As a user would: what recognition says is what the recipe says."""
    recipe = gan_zoo.Recipe.load("pix2pix", set={"data": {**data, "workers": 0}, **TINY, **words})
    run = gan_zoo.train(recipe, root / "run", report=False, reporter=Reporter(quiet=True))
    assert run.path.joinpath("log.jsonl").exists()
    gan_zoo.translate(run.path, inputs, root / "out")
    made = sorted((root / "out").rglob("*.png"))
    for path in made:
        with Pictures.open(path) as opened:
            assert (opened.mode, opened.height, opened.width) == ("RGB", HIGH, WIDE)
    return made


def recognized(root: Path) -> dict[str, Any]:
    name, found = recognize(root)[0]
    options: dict[str, Any] = found.spec.model_dump(mode="json", exclude_unset=True)
    return {**options, "use": name}


@pytest.mark.parametrize(("a", "b"), [PAIRS[n] for n in range(0, len(PAIRS), 3)])
def test_two_folders(tmp_path: Path, a: str, b: str) -> None:
    root = tmp_path / "data"
    for name in ("one", "deep/two"):
        save(root / a.format(split="train") / f"{name}.png", photo(10))
        save(root / b.format(split="train") / f"{name}.bmp", photo(20))
    data = {**recognized(root), "direction": "a_to_b"}
    made = train_and_translate(tmp_path, data, root / a.format(split="train"))
    assert [path.stem for path in made] == ["two", "one"]


def test_side_by_side(tmp_path: Path) -> None:
    root = tmp_path / "data"
    rng = np.random.default_rng(0)
    for name in "xyz":
        shapes = rng.integers(0, 256, (4, 6, 3), np.uint8).repeat(4, 0).repeat(4, 1)
        both = side_by_side(Pictures.fromarray(shapes), Pictures.fromarray(255 - shapes))
        save(root / f"train/{name}.png", both)
    data = recognized(root)
    assert data["use"] == "paired_folder"
    recipe = {**data, "direction": "a_to_b"}
    save(tmp_path / "inputs/new.png", photo(3))
    made = train_and_translate(tmp_path, recipe, tmp_path / "inputs")
    assert [path.name for path in made] == ["new.png"]


@pytest.mark.parametrize("layout", MAPS)
def test_maps(tmp_path: Path, layout: str) -> None:
    label, instance, target, name = MAPS[layout]
    names = name.split() if " " in name else [name] * 3
    root = tmp_path / "data"

    def large(values: list[list[int]]) -> np.ndarray:
        return np.array(values).repeat(4, 0).repeat(4, 1)

    save(root / label / f"{names[0]}.png", ids(large(LABELS)))
    if instance:
        save(root / instance / f"{names[1]}.png", ids(large(INSTANCES), np.uint16))
    save(root / target / f"{names[2]}.png", photo(7))
    conditions = {"picture": None, "labels": {"use": "one_hot"}}
    if instance:
        conditions["edges"] = {"use": "boundary"}
    made = train_and_translate(tmp_path, recognized(root), root / label, conditions=conditions)
    assert len(made) == 1
