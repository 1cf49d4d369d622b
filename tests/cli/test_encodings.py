"""A console that lacks the letters of a name, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

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
COMMANDS = {
    "run": ["run", "tiny.yaml", "--steps", "1", "--out", "runs/a"],
    "check": ["check", "odd.yaml"],
}
TYPED = """
import json, os, sys
from gan_zoo.cli import main

codes = {}
for name, words in json.loads(sys.argv[1]).items():
    for number in (1, 2):
        os.dup2(os.open(f"{name}.{number}", os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["gan-zoo", *words]
    codes[name] = 0
    try:
        main()
    except SystemExit as end:
        codes[name] = end.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        codes[name] = 1
    sys.stdout.flush()
    sys.stderr.flush()
with open("codes.json", "w") as file:
    json.dump(codes, file)
"""


class Done(NamedTuple):
    """What one command did on such a console."""

    encoding: str
    folder: Path
    code: int
    out: bytes
    err: bytes


def pairs(root: Path) -> Path:
    """Pairs in a folder with a Korean name."""
    for side in "AB":
        folder = root / side / "train"
        folder.mkdir(parents=True)
        for name in ("łąka", "둘"):
            pixels = np.random.default_rng(len(name)).integers(0, 256, (20, 20, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{name}.png")
    return root


@pytest.fixture(scope="module", params=ENCODINGS)
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Done]:
    """A run, and a check of pairs one of which is cut short: both by one process, which has its
    encoding from its start.
    """
    folder = tmp_path_factory.mktemp("console")
    odd = pairs(folder / "자료") / "B" / "train" / "둘.png"
    odd.write_bytes(odd.read_bytes()[:60])
    for name, root in (("odd", "자료"), ("tiny", pairs(folder / "데이터").name)):
        (folder / f"{name}.yaml").write_text(RECIPE.format(root=root), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", TYPED, json.dumps(COMMANDS)],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": request.param, "PYTHONUTF8": "0"},
        check=False,
    )
    assert ended.returncode == 0, (folder / "check.2").read_bytes()
    codes = json.loads((folder / "codes.json").read_text())
    return [
        Done(
            request.param,
            folder,
            codes[name],
            (folder / f"{name}.1").read_bytes(),
            (folder / f"{name}.2").read_bytes(),
        )
        for name in COMMANDS
    ]


def test_a_run_trains_and_its_log_is_utf_8(done: list[Done]) -> None:
    run, _ = done
    assert run.code == 0, run.err
    shown = "데이터" if run.encoding == "utf-8" else r"\ub370\uc774\ud130"
    assert shown.encode(run.encoding) in run.out
    assert "데이터" in (run.folder / "runs/a/log.txt").read_text(encoding="utf-8")


def test_a_mistake_names_its_file(done: list[Done]) -> None:
    _, check = done
    assert check.code == 2, check.err
    assert b"Traceback" not in check.err
    name = "둘" if check.encoding == "utf-8" else r"\ub458"
    assert f"{name}.png".encode(check.encoding) in check.out + check.err
