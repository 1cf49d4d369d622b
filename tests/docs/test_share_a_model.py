"""What the page about sharing tells to type works, and says what the page quotes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gan_zoo
from tests.docs.test_how_to import PAGES, follow, picture

TINY = {
    "generator.width": 4,
    "discriminator.width": 4,
    "data.workers": 0,
    "phases.main": {"epochs": None, "steps": 1},
    "validation": None,
    "callbacks": {"previews": {"use": "previews", "count": 1}, "health": None},
}


def test_share_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    gan_zoo.train(gan_zoo.Recipe.load("quickstart", set=TINY), Path("runs/mine"))
    picture(Path("new_pictures/one.png"), 48, 64, mode="L")
    assert follow("share-a-model.md", capfd, python=True) == 10
    names = {path.name for path in Path("emoji-painter").iterdir()}
    page = (PAGES / "share-a-model.md").read_text()
    told = set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE))
    assert told == names
    assert Path("again.png").read_bytes() == Path("painted.png").read_bytes()
    assert not Path("measured/samples.png").exists()
