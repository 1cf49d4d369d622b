"""What `make demo` does, with a smaller network: it ends with commands that work as printed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_how_to import typed

ROOT = Path(__file__).parents[2]
SMALLER = "--steps 3 --set generator.width=4 --set generator.depth=4 --set data.workers=0"
OURS = ".venv/bin/gan-zoo"
ZOO = f"""\
#!/bin/sh
zoo="{sys.executable} -m gan_zoo"
case "$1" in
    run) exec $zoo "$@" {SMALLER} ;;
    *) exec $zoo "$@" ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of the repository as the demo takes."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/demo.sh", tmp_path / "tools")
    for name in ("recipes", "plugins"):
        (tmp_path / name).symlink_to(ROOT / name)
    zoo = tmp_path / OURS
    zoo.parent.mkdir(parents=True)
    zoo.write_text(ZOO)
    zoo.chmod(0o755)
    return tmp_path


def test_the_demo_ends_with_a_page_and_three_commands(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The script and its commands are processes, those that it prints are typed in this one."""
    done = subprocess.run(["tools/demo.sh"], cwd=clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (page,) = re.findall(r"^Look at it: open (\S+) in a browser\.$", done.stdout, re.M)
    assert Path(page) == clone / "runs/demo-1/report.html"
    assert "test, 60 pictures" in Path(page).read_text()  # the scores of the test split are on it
    commands = re.findall(r"^  (\.venv/bin/gan-zoo .*)$", done.stdout, re.M)
    assert [command.split()[1] for command in commands] == ["translate", "run", "report"]
    monkeypatch.chdir(clone)
    for command in commands:
        smaller = f" {SMALLER}" if command.split()[1] == "run" else ""
        code, said = typed(command.replace(OURS, "gan-zoo", 1) + smaller, capfd)
        assert code == 0, f"{command}\n{said}"
    assert len(list((clone / "runs/demo-1/translated").glob("*.png"))) == 60
    assert (clone / "runs/demo-1-demo-1-nearest.html").is_file()
