"""Guests' wheels beside gan-zoo's own: found, checked, trained, and missed when they have gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT, Stranger, build, environment

GUESTS = sorted(folder.name for folder in (ROOT / "plugins").glob("gan-zoo-*"))
RECIPES = ["cyclegan/cyclegan", "projected/projected", "projected/quickstart", "spade/spade"]


@pytest.fixture(scope="module")
def guests(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [build(ROOT / "plugins" / name, tmp_path_factory.mktemp("guest")) for name in GUESTS]


@pytest.fixture
def stranger(wheel: Path, guests: list[Path], tmp_path: Path) -> Stranger:
    return environment(tmp_path, wheel, *guests)


def test_guests_are_found_checked_and_missed(stranger: Stranger) -> None:
    said = stranger.run("gan-zoo", "plugins")
    bare = [name.removeprefix("gan-zoo-") for name in GUESTS]
    assert bare == ["cyclegan", "projected", "slurm", "spade", "trackers"]
    assert all(name in said for name in GUESTS)
    assert "rror" not in said
    listed = stranger.run("gan-zoo", "list", "recipes")
    assert all(name in listed for name in RECIPES)
    hold = (
        "import sys; from gan_zoo import Recipe, contracts\n"
        "print([contracts(Recipe.load(name)).judged for name in sys.argv[1:]])"
    )
    assert stranger.run("python", "-c", hold, *RECIPES).count("True") == len(RECIPES)

    stranger.remove("gan-zoo-spade")
    missed = stranger.asked("gan-zoo", "check", "spade/spade")
    assert missed.returncode == 2
    assert "pip install gan-zoo-spade" in missed.stdout + missed.stderr
    part = ["--set", "generator={use: spade/generator}"]
    missed = stranger.asked("gan-zoo", "check", "quickstart", *part)
    assert missed.returncode == 2
    assert "pip install gan-zoo-spade" in missed.stdout + missed.stderr
    assert stranger.run("python", "-c", hold, *RECIPES[:-1]).count("True") == len(RECIPES) - 1


@pytest.mark.slow
@pytest.mark.parametrize("name", GUESTS)
def test_a_guest_trains_from_its_wheel(stranger: Stranger, name: str) -> None:
    """Its recipes, and its own slow tests: 200 steps on real data, resume, translate."""
    for recipe in RECIPES:
        if recipe.startswith(name.removeprefix("gan-zoo-")):
            assert "contracts hold" in stranger.run("gan-zoo", "check", recipe)
    tests = ROOT / "plugins" / name / "tests"
    marks = ["-c", ROOT / "pyproject.toml", "--rootdir", stranger.folder, "-m", "slow"]
    quiet = ["-p", "no:cacheprovider", "-o", "pythonpath=", "-s"]
    said = stranger.run("python", "-m", "pytest", tests, *marks, *quiet)
    print(said)
    assert " passed" in said
    assert "failed" not in said
