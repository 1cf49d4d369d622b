"""What the page about sharing tells to type works, and says what the page quotes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import gan_zoo
from tests.docs.test_how_to import PAGES, lines, picture, typed

BOX = re.compile(r"^```(bash|text|python)( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
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
    said, count = "", 0
    for language, fails, text in BOX.findall((PAGES / "share-a-model.md").read_text()):
        count += 1
        if language == "text":
            assert all(line in said for line in text.splitlines()), said
        elif language == "python":
            exec(compile(text, "share-a-model.md", "exec"), {})
        else:
            for line in lines(text):
                code, said = typed(line.replace("python -m", f"{sys.executable} -m"), capfd)
                assert code == (2 if fails else 0), f"{line}\n{said}"
    assert count == 9
    names = {path.name for path in Path("emoji-painter").iterdir()}
    page = (PAGES / "share-a-model.md").read_text()
    told = set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE))
    assert told == names
    assert Path("again.png").read_bytes() == Path("painted.png").read_bytes()
    assert not Path("measured/samples.png").exists()
