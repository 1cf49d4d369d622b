"""Every box of a tutorial is executed, in the order of the page, as its reader would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_how_to import lines, typed

ROOT = Path(__file__).parents[2]
AUTHORS = ROOT / "docs/tutorials/first-component.md"  # installs; see test_first_component.py
BOX = re.compile(r"^```(bash|python)( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


PAGES = sorted(set((ROOT / "docs/tutorials").glob("*.md")) - {AUTHORS})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_box_does_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In this process, since each of a dozen others would import torch anew."""
    boxes = BOX.findall(page.read_text())
    assert len(boxes) >= 5
    for folder in ("plugins", "recipes"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    for language, fails, text in boxes:
        if language == "python":
            exec(text, {})
            continue
        for line in lines(text):
            code, said = typed(line, capfd)
            assert code == (2 if fails else 0), f"{line}\n{said}"
            assert "Traceback" not in said
