"""The page about looking at data: its commands work, and say what it quotes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_zoo_data.folder_specs import SAMPLE
from tests.docs.test_how_to import follow

EVERY = {"train": 14, "val": 4}  # of the sample's pairs, every so many


def odd_pairs(root: Path) -> None:
    """Emoji and their line art in colors, of which a few are not as they should be."""
    for split, every in EVERY.items():
        for path in sorted((SAMPLE / "B" / split).iterdir())[::every]:
            for side in "AB":
                file = root / side / split / path.name
                file.parent.mkdir(parents=True, exist_ok=True)
                with Image.open(SAMPLE / side / split / path.name) as opened:
                    opened.convert("RGB").save(file)
    moved, empty, given, twin = sorted((root / "B/train").iterdir())[5:17:3]
    with Image.open(moved) as opened:
        pixels = np.roll(np.asarray(opened), (5, -6), (0, 1))
    Image.fromarray(pixels).save(moved)
    Image.new("RGB", (64, 64), "white").save(empty)
    shutil.copy(given, root / "A/train" / given.name)
    for side in "AB":
        with Image.open(root / side / "train" / twin.name) as opened:
            opened.convert("RGB").save(root / side / "val/again.jpg", quality=85)


def test_check_your_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    odd_pairs(tmp_path / "my_pairs")
    monkeypatch.chdir(tmp_path)
    assert follow("check-your-data.md", capfd) == 8
    with Image.open("seen.png") as seen:
        assert seen.height == 16 + 4 + 6 * (16 + 128 + 4)
    with Image.open("odd.png") as sheet:
        assert sheet.width > 2 * 128
