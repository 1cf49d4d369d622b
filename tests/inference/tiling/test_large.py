"""A picture of 400 million pixels, in less than 2 GB of memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.inference.tiling.conftest import RESNET, scenery, trained

SIDE = 20_000
MOST = 2e9  # bytes
CODE = """
import resource, gan_zoo
gan_zoo.translate({run!r}, {given!r}, {made!r}, device="cpu", tile="auto")
print("held", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def held(folder: Path, side: int) -> tuple[int, str]:
    """The most that a process holds which translates so large a picture, and what it says."""
    run = trained(folder / "run", generator={**RESNET, "width": 8}, **{"init.gain": 0.02})
    given, made = folder / "given.tif", folder / "made.tif"
    part = scenery(1000, 1000, hills=60)
    reps = -(-side // 1000)
    band = np.tile(part, (1, reps))[:, :side]
    strips = (band for _ in range(reps))
    how = {"photometric": "minisblack", "rowsperstrip": 1000, "bigtiff": True}
    tifffile.imwrite(given, strips, shape=(side, side), dtype=np.uint8, **how)
    words = {"run": str(run.path), "given": str(given), "made": str(made)}
    code = [sys.executable, "-c", CODE.format(**words)]
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(code, capture_output=True, text=True, check=True, env=one)
    with tifffile.TiffFile(made) as file:
        assert file.pages[0].shape == (side, side, 3)
    return int(re.findall(r"^held (\d+)$", done.stdout, re.MULTILINE)[0]), done.stdout


@pytest.mark.slow
def test_400_million_pixels(tmp_path: Path) -> None:
    bytes_held, said = held(tmp_path, SIDE)
    assert bytes_held < MOST
    assert "20000 x 20000 pixels in " in said
    assert "whose halves differ by" in said
