"""The wheel works far from the repository, with a stranger's plugin beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
HELLO = ROOT / "docs/examples/gan-zoo-hello"
RECIPES = sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))
PLUGINS = sorted(folder.name for folder in (ROOT / "plugins").glob("gan_zoo_*"))
MEGABYTE = 1_000_000

EDGES = """\
extends: quickstart
losses: {edges: {use: hello/edges, weight: 10}}
"""

WHO = """
import json
from importlib import metadata
import gan_zoo
owners = {}
for entry in metadata.entry_points(group="gan_zoo"):
    owners.setdefault(entry.name, []).append(str(entry.dist.locate_file("")))
print(json.dumps({"core": gan_zoo.__file__, "owners": owners}))
"""


class Stranger(NamedTuple):
    """An environment that holds the two wheels, and a folder far from the repository."""

    bin: Path
    site: Path
    folder: Path

    def run(self, *command: str | Path) -> str:
        """Run a program of the environment; returns what it printed."""
        mine = ("PYTHON", "GAN_ZOO", "VIRTUAL_ENV", "PYTEST")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(mine)}
        done = subprocess.run(
            [str(self.bin / command[0]), *map(str, command[1:])],
            cwd=self.folder,
            env={**kept, "COLUMNS": "200", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def build(project: Path, out: Path) -> Path:
    """Build a project's wheel with the installed hatchling."""
    python(["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(project)])
    (wheel,) = out.glob("*.whl")
    return wheel


def python(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def hello_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(HELLO, tmp_path_factory.mktemp("hello"))


@pytest.fixture(scope="module")
def stranger(wheel: Path, hello_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    home = tmp_path_factory.mktemp("stranger")
    python(["-m", "venv", "--without-pip", str(home / "env")])
    inside = home / "env/bin/python"
    pip = ["-m", "pip", "--disable-pip-version-check", "--python", str(inside), "install"]
    python([*pip, "--quiet", "--no-deps", "--no-index", str(wheel), str(hello_wheel)])
    (site,) = (home / "env").glob("lib/python*/site-packages")
    # The dependencies are borrowed after the installation, so that pip cannot see, and replace,
    # the checkout's own gan-zoo. A .pth in a borrowed folder is not read: no editable code enters.
    borrowed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    folder = home / "elsewhere"
    folder.mkdir()
    return Stranger(home / "env/bin", site, folder)


def test_pyproject_lists_every_plugin() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert listed["targets"]["wheel"]["packages"] == [
        "gan_zoo",
        *(f"plugins/{name}" for name in PLUGINS),
    ]


def test_the_wheel_holds_what_a_stranger_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"gan_zoo", *PLUGINS}
    for package in ("gan_zoo", *PLUGINS):
        assert f"{package}/__init__.py" in names
        assert f"{package}/py.typed" in names
    for recipe in (ROOT / "recipes").rglob("*.yaml"):
        inside = recipe.relative_to(ROOT / "recipes").as_posix()
        assert f"gan_zoo_methods/recipes/{inside}" in names
    assert any(name.startswith("gan_zoo_data/emoji/") for name in names)
    assert not [name for name in names if "__pycache__" in name]
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size <= 6 * MEGABYTE


def test_the_example_is_short() -> None:
    built = ("__pycache__", ".pytest_cache", "dist", "build")
    files = [
        path
        for path in HELLO.rglob("*")
        if path.is_file() and not any(part in built for part in path.relative_to(HELLO).parts)
    ]
    assert sum(len(path.read_text().splitlines()) for path in files) < 60


def test_only_the_wheels_are_found(stranger: Stranger) -> None:
    found = json.loads(stranger.run("python", "-c", WHO))
    site = stranger.site.resolve()
    assert Path(found["core"]).resolve().is_relative_to(site)
    ours = {name.removeprefix("gan_zoo_") for name in PLUGINS} | {"hello"}
    owners = {name: found["owners"][name] for name in ours}
    assert {name: [Path(path).resolve() for path in paths] for name, paths in owners.items()} == {
        name: [site] for name in ours
    }


def test_plugins_are_shown_and_healthy(stranger: Stranger) -> None:
    said = stranger.run("python", "-m", "gan_zoo", "plugins")
    assert "gan-zoo-hello" in said
    for name in PLUGINS:
        assert name.removeprefix("gan_zoo_") in said
    assert "Error" not in said


def test_components_and_recipes_are_listed(stranger: Stranger) -> None:
    assert "hello/edges" in stranger.run("python", "-m", "gan_zoo", "list")
    recipes = stranger.run("gan-zoo", "list", "recipes")
    assert [name for name in RECIPES if name not in recipes] == []


def test_there_are_recipes() -> None:
    assert {"pix2pix", "quickstart"} <= set(RECIPES)


def test_shipped_recipes_pass_their_check_by_name(stranger: Stranger) -> None:
    stranger.run("gan-zoo", "check", RECIPES[0])
    checked = (
        "import sys; from gan_zoo import Recipe; from gan_zoo.check import check\n"
        "print([check(Recipe.load(name)).phases[0].phase for name in sys.argv[1:]])"
    )
    said = stranger.run("python", "-c", checked, *RECIPES)  # one start for all
    assert said.count("'") == 2 * len(RECIPES)


def test_the_example_passes_its_own_tests(stranger: Stranger) -> None:
    shutil.copytree(HELLO / "tests", stranger.folder / "hello_tests")
    said = stranger.run("python", "-m", "pytest", "-p", "no:cacheprovider", "hello_tests")
    assert " passed" in said


def test_the_example_trains(stranger: Stranger) -> None:
    (stranger.folder / "edges.yaml").write_text(EDGES)
    stranger.run(
        *("gan-zoo", "run", "edges.yaml", "--out", "trained", "--steps", "3"),
        *("--set", "generator.width=8", "--set", "discriminator.width=8"),
        *("--set", "data.workers=0", "--set", "engine.log_every=1"),
    )
    assert "G_Edges" in (stranger.folder / "trained/log.jsonl").read_text()
