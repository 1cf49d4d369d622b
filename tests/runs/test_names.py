"""Every run has a folder of its own, however many start at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import names
from gan_zoo.runs.names import next_free_name, take_folder
from gan_zoo.training.run import train


def test_names_count_upwards(tmp_path: Path) -> None:
    assert next_free_name(tmp_path / "none", "x") == tmp_path / "none" / "x-1"
    for name in ("x-2", "x-10", "x-10b", "xy-50", "x"):
        (tmp_path / name).mkdir()
    assert next_free_name(tmp_path, "x") == tmp_path / "x-11"


def test_runs_that_start_at_once_take_a_folder_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All have chosen the same number before the first one makes it."""
    barrier, chosen = Barrier(8), []

    def choose(parent: Path, name: str) -> Path:
        path = next_free_name(parent, name)
        if len(chosen) < 8:
            chosen.append(path.name)
            barrier.wait(timeout=30)
        return path

    monkeypatch.setattr(names, "next_free_name", choose)

    def start(number: int) -> str:
        with take_folder(tmp_path / "runs", "race") as path:
            (path / "recipe.yaml").write_text(f"seed: {number}")
        return path.name

    with ThreadPoolExecutor(8) as pool:
        taken = sorted(pool.map(start, range(8)))
    assert chosen[:8] == ["race-1"] * 8
    assert taken == [f"race-{n}" for n in range(1, 9)]
    seeds = [(tmp_path / "runs" / name / "recipe.yaml").read_text() for name in taken]
    assert sorted(seeds) == [f"seed: {n}" for n in range(8)]


def test_a_run_that_cannot_start_gives_its_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = Recipe.load("pix2pix", set={"data.root": str(tmp_path / "absent")})
    with pytest.raises(UserError, match="there is no folder"):
        train(recipe, name="lost", reporter=Reporter(quiet=True))
    assert not (tmp_path / "runs").exists()

    def fail_late() -> None:
        with take_folder(tmp_path / "runs", "kept") as path:
            (path / "note.txt").write_text("")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_late()
    assert (tmp_path / "runs" / "kept-1" / "note.txt").exists()


def test_a_parent_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with (
        pytest.raises(UserError, match=r"runs/x-1 cannot be written: Not a directory"),
        take_folder(tmp_path / "runs", "x"),
    ):
        raise AssertionError
