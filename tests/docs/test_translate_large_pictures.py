"""What the page about large pictures tells to type works, and says what the page quotes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

import gan_zoo
from gan_zoo.inference.tiling import gathering
from tests.docs.test_how_to import follow
from tests.inference.tiling.conftest import TINY, scenery


def test_translate_large_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gathering, "BOUND", 255.0)  # one sample is enough for a page
    gan_zoo.train(gan_zoo.Recipe.load("quickstart", set=TINY), Path("runs/mine"))
    tifffile.imwrite("relief.tif", scenery(600, 700), photometric="minisblack")
    assert follow("translate-large-pictures.md", capfd, python=True) == 5
    made = {name: tifffile.imread(f"{name}.tif").astype(int) for name in ("exact", "python")}
    assert made["exact"].shape == (600, 700, 3)
    assert np.abs(made["exact"] - made["python"]).max() <= 1
    assert not [*Path().glob("*.tiles")]
