"""A console that lacks the letters of a name, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ENCODINGS = ("cp1252", "ascii", "utf-8")
RECIPE = """\
extends: pix2pix
data: {{root: {root}, load: [18, 18], crop: [16, 16], workers: 0}}
generator: {{depth: 2, width: 4}}
discriminator: {{layers: 1, width: 4}}
callbacks: null
"""


def zoo(folder: Path, encoding: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gan_zoo", *words],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Pairs in a folder with a Korean name."""
    root = tmp_path / "데이터"
    for side in "AB":
        folder = root / side / "train"
        folder.mkdir(parents=True)
        for name in ("łąka", "둘"):
            pixels = np.random.default_rng(len(name)).integers(0, 256, (20, 20, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{name}.png")
    (tmp_path / "tiny.yaml").write_text(RECIPE.format(root=root.name), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_run_trains_and_its_log_is_utf_8(pairs: Path, encoding: str) -> None:
    done = zoo(pairs, encoding, "run", "tiny.yaml", "--steps", "1", "--out", "runs/a")
    assert done.returncode == 0, done.stderr
    shown = "데이터" if encoding == "utf-8" else r"\ub370\uc774\ud130"
    assert shown.encode(encoding) in done.stdout
    assert "데이터" in (pairs / "runs/a/log.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_mistake_names_its_file(pairs: Path, encoding: str) -> None:
    odd = pairs / "데이터" / "B" / "train" / "둘.png"
    odd.write_bytes(odd.read_bytes()[:60])
    done = zoo(pairs, encoding, "check", "tiny.yaml")
    assert done.returncode == 2, done.stderr
    assert b"Traceback" not in done.stderr
    name = "둘" if encoding == "utf-8" else r"\ub458"
    assert f"{name}.png".encode(encoding) in done.stdout + done.stderr
