"""The tutorial for authors is executed in an environment of its own, as its reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorials/first-component.md"
BOX = re.compile(r"^```(bash|text)( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PIP = f"""#!/bin/sh
# What the reader calls pip, without an index: builds with what is here, into this environment.
word=$1; shift
[ "$word" = install ] && set -- --no-deps --no-build-isolation --no-index --quiet "$@"
exec {sys.executable} -m pip --python "$(dirname "$0")/python" "$word" "$@"
"""


def environment(home: Path) -> dict[str, str]:
    """An environment that borrows the installed packages and the checkout, as its variables."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    [site] = home.glob("lib/python*/site-packages")
    borrowed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    lines = [*borrowed, str(ROOT), str(ROOT / "plugins")]
    (site / "borrowed.pth").write_text("\n".join(lines) + "\n")
    python = home / "bin/python"
    programs = {"pip": PIP}
    programs |= {
        name: f'#!/bin/sh\nexec {python} -m {module} "$@"\n'
        for name, module in (("gan-zoo", "gan_zoo"), ("pytest", "pytest -p no:cacheprovider"))
    }
    for name, text in programs.items():
        (home / "bin" / name).write_text(text)
        (home / "bin" / name).chmod(0o755)
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "GAN_ZOO_PLUGINS": "soft",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def test_every_box_does_and_says_what_the_page_shows(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    variables = environment(tmp_path / "env")
    said, typed = "", 0
    for language, fails, text in BOX.findall(PAGE.read_text()):
        if language == "text":
            missing = [line for line in text.splitlines() if line.strip() not in said]
            assert not missing, f"{missing} is not in:\n{said}"
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=here,
            env=variables,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == (2 if fails else 0), f"{text}\n{said}"
        assert "Traceback" not in said
        typed += 1
    assert typed >= 10
