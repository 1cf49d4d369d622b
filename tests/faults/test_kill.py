"""N steps in one go equal N steps cut anywhere and resumed, to the bit."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

KILLED = -9
Program = Callable[..., tuple[int, str]]
Results = dict[str, dict[str, Any]]


def relay(program: Program, run: Path, recipe: Path, accidents: Any) -> int:
    """Run and resume through one accident after another until it is done; returns how many."""
    code, told = program("run", recipe, "--out", run, folder=str(run), **next(accidents))
    cuts = 0
    while code:
        assert code == KILLED, told  # what its orphaned workers print on their way out is theirs
        cuts += 1
        begun = (run / "recipe.yaml").is_file()
        again = ("resume", run) if begun else ("run", recipe, "--out", run)
        if not begun:  # nothing is there yet to go on with
            shutil.rmtree(run, ignore_errors=True)
        code, told = program(*again, folder=str(run), **next(accidents))
        assert cuts < 60
    assert "Traceback" not in told
    return cuts


@pytest.mark.parametrize(
    ("recipe", "seed"), [("one", 1), ("three", 3), pytest.param("three", 4, marks=pytest.mark.slow)]
)
def test_killed_at_file_operations_and_resumed(
    program: Program,
    recipes: dict[str, Path],
    straight: Results,
    results: Any,
    tmp_path: Path,
    recipe: str,
    seed: int,
) -> None:
    draw = random.Random(seed)
    accidents = ({"kill_at": draw.randint(2, 90)} for _ in range(99))
    cuts = relay(program, tmp_path / "run", recipes[recipe], accidents)
    assert cuts >= 2
    assert results(tmp_path / "run") == straight[recipe]


@pytest.mark.parametrize("recipe", ["one", "three"])
def test_killed_at_any_time_and_resumed(
    program: Program,
    recipes: dict[str, Path],
    straight: Results,
    results: Any,
    tmp_path: Path,
    recipe: str,
) -> None:
    draw = random.Random(5)
    accidents = ({"kill_after": draw.uniform(0.1, 1.2)} if n < 4 else {} for n in range(99))
    relay(program, tmp_path / "run", recipes[recipe], accidents)
    assert results(tmp_path / "run") == straight[recipe]


@pytest.mark.parametrize("at", range(2, 33, 3))
def test_killed_anywhere_in_a_checkpoint(
    program: Program,
    recipes: dict[str, Path],
    straight: Results,
    results: Any,
    tmp_path: Path,
    at: int,
    half: Path,
) -> None:
    """From step 6 to 9 a run logs three lines and writes one checkpoint: every third operation."""
    run = tmp_path / "run"
    shutil.copytree(half, run)
    code, told = program("resume", run, folder=str(run), kill_at=at)
    assert code == KILLED, told
    code, told = program("resume", run)
    assert code == 0, told
    assert results(run) == straight["one"]


@pytest.fixture(scope="module")
def half(
    program: Program, recipes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run of six steps that has the rest before it."""
    run = tmp_path_factory.mktemp("half") / "run"
    assert program("run", recipes["one"], "--out", run, "--steps", 6)[0] == 0
    settings = json.loads((run / "run.json").read_text())
    assert settings["steps"] == 6
    (run / "run.json").write_text(json.dumps({**settings, "steps": None}))
    return run


def test_steps_end_a_run_and_resume_ends_there_too(
    program: Program, recipes: dict[str, Path], straight: Results, results: Any, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    code, told = program("run", recipes["three"], "--out", run, "--steps", 7)
    assert code == 0, told
    assert "Ended at --steps 7 of 14; gan-zoo resume" in told
    ended = results(run)
    assert [line["step"] for line in ended["log"] if "losses" in line] == [1, 2, 3, 4, 5, 6, 7]
    code, told = program("resume", run)
    assert code == 0, told
    assert "Ended at --steps 7 of 14; gan-zoo resume" in told
    assert results(run) == ended
    shorter = [line for line in straight["three"]["log"] if line["step"] <= 7]
    assert ended["log"] == shorter


def test_the_straight_run_is_what_it_should_be(straight: Results) -> None:
    """Phases, rates, epochs and passes as the recipe says; else the rest would prove little."""
    log = [line for line in straight["three"]["log"] if "losses" in line]
    assert [line["phase"] for line in log] == ["judge"] * 5 + ["grow"] * 6 + ["polish"] * 3
    assert [line["epoch"] for line in log] == [1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 2, 1, 1, 1]
    rates = [line["rates"].get("generator") for line in log]
    assert rates == [None] * 5 + [2e-4] * 3 + [1e-4] * 3 + [2e-4] * 3
    assert len({line["losses"]["G_L1"] for line in log}) == len(log)
    scored = [line["step"] for line in straight["three"]["log"] if "validation" in line]
    assert scored == [3, 5, 8, 11, 14]  # at the end of epochs, and of phases
    names = set(straight["three"])
    assert "weights/latest/generator.safetensors" in names
    assert "weights/best/generator.safetensors" in names
    assert "previews/polish-000014.png" in names


@pytest.mark.parametrize("workers", [0, 1])
def test_the_number_of_workers_changes_no_number(
    program: Program,
    recipes: dict[str, Path],
    straight: Results,
    results: Any,
    tmp_path: Path,
    workers: int,
) -> None:
    run = tmp_path / "run"
    change = f"data.workers={workers}"
    code, told = program("run", recipes["three"], "--out", run, "--set", change)
    assert code == 0, told
    assert results(run) == straight["three"]


def test_a_finished_run_is_made_whole_by_resume(
    program: Program, half: Path, results: Any, tmp_path: Path
) -> None:
    """Cut after its checkpoint and before its weights, it has nothing to do but these."""
    run = tmp_path / "run"
    shutil.copytree(half, run)
    assert program("resume", run)[0] == 0
    done = results(run)
    file = run / "weights/latest/generator.safetensors"
    file.write_bytes((half / "weights/latest/generator.safetensors").read_bytes())
    assert results(run) != done
    code, told = program("resume", run)
    assert code == 0, told
    assert results(run) == done
    with safe_open(file, "pt") as opened:
        assert opened.metadata() == {"step": "14"}


def test_two_processes_do_not_train_one_run(program: Program, half: Path, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    run = tmp_path / "run"
    shutil.copytree(half, run)
    with (run / "state" / "lock").open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        code, told = program("resume", run)
    assert (code, told) == (2, f"{run} is being trained by another process\n")
