"""What the page about exporting tells to type works, and says what the page quotes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_how_to import PAGES, lines, picture, typed
from tests.inference.export.shipped import small_run

BOX = re.compile(r"^```(bash|text|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TINY = {"generator.width": 4, "generator.depth": 2, "data.workers": 0, "validation": None}


def test_export_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small_run(Path("runs/mine"), "quickstart", TINY)
    picture(Path("new_pictures/one.png"), 48, 64, mode="L")
    said, count = "", 0
    for language, text in BOX.findall((PAGES / "export-a-model.md").read_text(encoding="utf-8")):
        count += 1
        if language == "text":
            assert all(line in said for line in text.splitlines()), said
        elif language == "python":
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", text], capture_output=True, text=True
            )
            assert not done.returncode, done.stderr
        else:
            for line in lines(text):
                if not line.startswith("pip "):  # it is installed
                    code, said = typed(line, capfd)
                    assert code == 0, f"{line}\n{said}"
    assert count == 7
    made = {path.name: path.stat().st_size for path in Path("runs/mine/export").iterdir()}
    assert sorted(made) == ["mine-half.pt2", "mine.onnx", "mine.pt2"]
