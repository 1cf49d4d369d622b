"""What the page about large pictures tells to type works, and says what the page quotes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import gan_zoo
from gan_zoo.inference.tiling import gathering
from tests.docs.test_how_to import PAGES, lines, typed
from tests.docs.test_translate_pictures import BOX
from tests.inference.tiling.conftest import TINY, scenery


def test_translate_large_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gathering, "BOUND", 255.0)  # one sample is enough for a page
    gan_zoo.train(gan_zoo.Recipe.load("quickstart", set=TINY), Path("runs/mine"))
    tifffile.imwrite("relief.tif", scenery(600, 700), photometric="minisblack")
    said, count = "", 0
    for language, fails, text in BOX.findall(
        (PAGES / "translate-large-pictures.md").read_text(encoding="utf-8")
    ):
        count += 1
        if language == "text":
            assert all(line in said for line in text.splitlines()), said
        elif language == "python":
            done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
            assert not done.returncode, done.stderr
        else:
            for line in lines(text):
                code, said = typed(line, capfd)
                assert code == (2 if fails else 0), f"{line}\n{said}"
    assert count == 9
    made = {name: tifffile.imread(f"{name}.tif").astype(int) for name in ("exact", "python")}
    assert made["exact"].shape == (600, 700, 3)
    assert np.abs(made["exact"] - made["python"]).max() <= 1
    assert not [*Path().glob("*.tiles")]
