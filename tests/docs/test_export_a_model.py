"""What the page about exporting tells to type works, and says what the page quotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.test_how_to import follow, picture
from tests.inference.export.shipped import small_run

TINY = {"generator.width": 4, "generator.depth": 2, "data.workers": 0, "validation": None}


def test_export_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small_run(Path("runs/mine"), "quickstart", TINY)
    picture(Path("new_pictures/one.png"), 48, 64, mode="L")
    assert follow("export-a-model.md", capfd, python=True) == 5
    made = {path.name: path.stat().st_size for path in Path("runs/mine/export").iterdir()}
    assert sorted(made) == ["mine-half.pt2", "mine.onnx", "mine.pt2"]
