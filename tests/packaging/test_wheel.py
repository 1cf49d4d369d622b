"""The wheel works far from the repository, with a stranger's plugin beside it."""

from __future__ import annotations

import json
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import HELLO, ROOT, Stranger, build, environment

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

CHECKS = """
import sys
from gan_zoo.cli import main

for name in sys.argv[1:]:
    sys.argv = ["gan-zoo", "check", name]
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    print(f"-- {name}: {code}", flush=True)
"""


@pytest.fixture(scope="module")
def stranger(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    hello = build(HELLO, tmp_path_factory.mktemp("hello"))
    return environment(tmp_path_factory.mktemp("stranger"), wheel, hello)


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
    for template in (ROOT / "gan_zoo/scaffold/templates").rglob("*.*"):
        assert template.suffix == ".pyc" or template.relative_to(ROOT).as_posix() in names
    assets = ("report.css", "boards.js", "curves.js")
    assert {f"gan_zoo/report/{asset}" for asset in assets} <= names
    assert "gan_zoo/ablation/pages/page.css" in names
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
    owners = found["owners"].items()
    assert {name: [Path(path).resolve() for path in paths] for name, paths in owners} == {
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
    said = stranger.run("python", "-c", CHECKS, *RECIPES)  # one start for all
    assert [line for line in said.splitlines() if line.startswith("-- ")] == [
        f"-- {name}: 0" for name in RECIPES
    ]
    assert said.count("The contracts hold, and every phase was rehearsed.") == len(RECIPES)


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
