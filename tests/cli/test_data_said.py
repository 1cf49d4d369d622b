"""What `check` and `run` say of the data that they found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command

RECIPE = """
extends: quickstart
data: {use: paired_folder, root: ROOT, batch: 1, workers: 0, source: rgb, target: grey}
generator: {depth: 2, width: 4}
discriminator: {layers: 1, width: 4}
phases: {main: {epochs: null, steps: 1, schedule: null}}
validation: {metrics: {l1: {use: l1}}}
callbacks: null
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Three pairs to learn from and one to judge by, by split first, on a network disk."""
    for name, mode in (("A", "RGB"), ("B", "L")):
        for split, count in (("train", 3), ("val", 1)):
            for number in range(count):
                path = tmp_path / "mine" / split / name / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                side = 16 if number else 20
                noise = np.random.default_rng(number).integers(0, 255, (side, side, 3), np.uint8)
                Image.fromarray(noise).convert(mode).save(path)
    (tmp_path / "mine/train/A/@eaDir").mkdir()
    path = tmp_path / "mine.yaml"
    path.write_text(RECIPE.replace("ROOT", str(tmp_path / "mine")))
    return path


FACTS = "layout {split}/A and {split}/B, found by the folders' names; "
SIZES = "files of 16x16 and 20x20 (height x width); source RGB, target L; "


def test_check_says_what_was_found(zoo: Command, recipe: Path) -> None:
    said = zoo("check", recipe)
    assert said.code == 0, said.out + said.err
    root = recipe.parent / "mine"
    lines = [line.strip() for line in said.out.splitlines()]
    at = lines.index("Data")
    assert lines[at + 1 : at + 5] == [
        f"train  3 pairs in {root}, matched by name: source = train/A, target = train/B; skipped 1 "
        "folder of the system (@eaDir/)",
        f"{FACTS}{SIZES}for example A/0.png and B/0.png",
        f"val    1 pair in {root}, matched by name: source = val/A, target = val/B",
        f"{FACTS}files of 20x20 (height x width); source RGB, target L; for example A/0.png and "
        "B/0.png",
    ]
    told = zoo("check", recipe, "--json").data()["data"]
    assert [(of["split"], of["samples"]) for of in told] == [("train", 3), ("val", 1)]
    assert told[0]["example"] == [f"{root}/train/A/0.png", f"{root}/train/B/0.png"]
    assert told[0]["facts"] == [FACTS[:-2], *SIZES[:-2].split("; ")]


def test_run_says_the_same(zoo: Command, recipe: Path) -> None:
    said = zoo("run", recipe, "--out", recipe.parent / "run")
    assert said.code == 0, said.err
    told = said.out + said.err
    assert f"train: {FACTS}{SIZES}for example A/0.png and B/0.png" in told
    assert f"val: 1 pair in {recipe.parent}/mine, matched by name" in told
    assert "; skipped 1 folder of the system (@eaDir/)" in told


def test_resume_says_the_same(zoo: Command, recipe: Path) -> None:
    run = recipe.parent / "run"
    assert zoo("run", recipe, "--set", "phases.main.steps=2", "--steps", 1, "--out", run).code == 0
    said = zoo("resume", run, "--steps", "all")
    assert said.code == 0, said.err
    told = said.out + said.err
    assert told.count(f"train: {FACTS}{SIZES}for example A/0.png and B/0.png") == 1
    assert told.count(f"3 pairs in {recipe.parent}/mine, matched by name") == 1
    assert told.count(f"val: 1 pair in {recipe.parent}/mine, matched by name") == 1
    assert told.index("Resuming") < told.index("train: layout") < told.index("Done after 2 steps")


def test_what_cannot_be_opened_is_a_mistake_alone(zoo: Command, recipe: Path) -> None:
    (recipe.parent / "mine/train/A/1.png").unlink()
    said = zoo("check", recipe)
    assert said.code == 2
    assert "\n  train  " not in said.out
    assert "\n  val    1 pair in " in said.out.replace("\n  val  1", "\n  val    1")
    assert "B/1.png has no partner" in said.out
