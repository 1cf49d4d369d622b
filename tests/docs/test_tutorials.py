"""Every box of a tutorial is executed, in the order of the page, as its reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUTHORS = ROOT / "docs/tutorials/first-component.md"  # installs; see test_first_component.py
BOX = re.compile(r"^```(bash|python)( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


PAGES = sorted(set((ROOT / "docs/tutorials").glob("*.md")) - {AUTHORS})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_box_does_what_the_page_says(page: Path, tmp_path: Path) -> None:
    boxes = BOX.findall(page.read_text())
    assert len(boxes) >= 5
    for folder in ("plugins", "recipes"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for language, fails, text in boxes:
        program = (
            ["bash", "-euo", "pipefail", "-c"] if language == "bash" else [sys.executable, "-c"]
        )
        done = subprocess.run(
            [*program, text],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=180,
        )
        said = done.stdout + done.stderr
        assert done.returncode == (2 if fails else 0), f"{text}\n{said}"
        assert "Traceback" not in said
