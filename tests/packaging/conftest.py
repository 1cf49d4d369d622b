"""Wheels, and environments far from the repository that hold nothing but them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
HELLO = ROOT / "docs/examples/gan-zoo-hello"


class Stranger(NamedTuple):
    """An environment that holds some wheels, and a folder far from the repository."""

    bin: Path
    site: Path
    folder: Path

    def asked(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment."""
        mine = ("PYTHON", "GAN_ZOO", "VIRTUAL_ENV", "PYTEST")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(mine)}
        return subprocess.run(
            [str(self.bin / command[0]), *map(str, command[1:])],
            cwd=self.folder,
            env={**kept, "COLUMNS": "200", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *command: str | Path) -> str:
        """Run a program that ends well; returns what it printed."""
        done = self.asked(*command)
        assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def remove(self, package: str) -> None:
        """Uninstall a package."""
        python([*self._pip, "uninstall", "--quiet", "--yes", package])

    def install(self, *wheels: Path) -> None:
        """Install wheels, and nothing that they need."""
        python([*self._pip, "install", "--quiet", "--no-deps", "--no-index", *map(str, wheels)])

    @property
    def _pip(self) -> list[str]:
        inside = str(self.bin / "python")
        return ["-m", "pip", "--disable-pip-version-check", "--python", inside]


def build(project: Path, out: Path) -> Path:
    """Build a project's wheel with the installed hatchling."""
    python(["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(project)])
    (wheel,) = out.glob("*.whl")
    return wheel


def python(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"


def environment(home: Path, *wheels: Path) -> Stranger:
    """An environment with these wheels, and the dependencies of this one by links: all that is
    installed here but gan-zoo and its guests.
    """
    python(["-m", "venv", "--without-pip", str(home / "env")])
    (site,) = (home / "env").glob("lib/python*/site-packages")
    folder, borrowed = home / "elsewhere", home / "borrowed"
    folder.mkdir()
    borrowed.mkdir()
    made = Stranger(home / "env/bin", site, folder)
    made.install(*wheels)
    for path in map(Path, sys.path):
        if path.name in ("site-packages", "dist-packages") and path.is_dir():
            for own in path.iterdir():
                ours = own.name.replace("-", "_").lower().startswith(("gan_zoo", "__editable__"))
                if not ours and own.suffix != ".pth" and not (borrowed / own.name).exists():
                    (borrowed / own.name).symlink_to(own)
    # After the installation, so that pip takes nothing that is borrowed for its own.
    (site / "borrowed.pth").write_text(f"{borrowed}\n")
    return made


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))
