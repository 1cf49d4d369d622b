"""What the page about translating tells to type works, and says what the page quotes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import gan_zoo
from gan_zoo.engine import compiling
from tests.docs.test_how_to import follow, picture

TINY = {
    "generator.width": 4,
    "discriminator.width": 4,
    "data.workers": 0,
    "phases.main": {"epochs": None, "steps": 1},
    "validation": None,
    "callbacks": None,
}


def test_translate_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")  # seconds, where the page has minutes
    gan_zoo.train(gan_zoo.Recipe.load("quickstart", set=TINY), Path("runs/mine"))
    picture(Path("new_pictures/one.png"), 48, 64, mode="L")
    assert follow("translate-pictures.md", capfd, python=True) == 11
    with Image.open("one.tif") as made:
        assert (made.mode, made.size) == ("RGB", (64, 48))
