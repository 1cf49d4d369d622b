"""Ctrl-C and SIGTERM end the step, save, and say how to go on."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

Program = Any  # of conftest.py
posix = pytest.mark.skipif(os.name != "posix", reason="signals of processes")


def test_sigterm_saves_and_resume_goes_on_to_the_same_numbers(
    program: Program,
    recipes: dict[str, Path],
    straight: dict[str, Any],
    results: Any,
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    code, told = program("run", recipes["three"], "--out", run, folder=str(run), signal_at=40)
    assert code == 1, told
    assert f"to go on: gan-zoo resume {run}" in told
    assert "Traceback" not in told
    assert not (run / "report.html").exists()  # whoever sends it waits for the end alone
    code, told = program("resume", run)
    assert code == 0, told
    assert results(run) == straight["three"]


@posix
def test_ctrl_c_reaches_every_process_and_only_the_run_answers(
    program: Program, recipes: dict[str, Path], tmp_path: Path
) -> None:
    """As from a terminal: the whole group gets it, the workers that read ahead too."""
    run = tmp_path / "run"
    long = ("phases.main.steps=100000", "engine.checkpoint_every=100000")
    sets = [word for change in long for word in ("--set", change)]
    started = program.start("run", recipes["one"], "--out", run, *sets)
    log = run / "log.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and log.stat().st_size > 300) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(started.number, signal.SIGINT)
    assert started.wait() == 1
    said, errors = started.out.read_text(), started.errors.read_text()
    assert said.count("Stopping") <= 1  # once, where a step or what is saved is waited for
    assert errors.startswith("stopped at step ")
    assert errors.endswith(f"to go on: gan-zoo resume {run}\n")
    assert len(errors.splitlines()) == 1
    assert said.splitlines()[-1] == f"Report: {run / 'report.html'}"
    assert (run / "report.html").read_text().startswith("<!doctype html>")
    assert list((run / "state").glob("step-*"))


HANGS = """
import time
import gan_zoo_data.files.pictures
from gan_zoo.inference.translator import Translator

read, picture = gan_zoo_data.files.pictures.read, Translator.picture

def reading(path, wanted):
    if what == "reader" and path.name == "08.png" and path.parent.name == "train":
        time.sleep(1000)
    return read(path, wanted)

def looking(*arguments, **named):
    if what == "validation":
        time.sleep(1000)
    return picture(*arguments, **named)

gan_zoo_data.files.pictures.read = reading
Translator.picture = looking
"""
SOON = 5  # seconds in which a signal is answered, whatever hangs


@posix
@pytest.mark.parametrize("signals", [1, 2])
@pytest.mark.parametrize(("what", "workers"), [("reader", 0), ("reader", 2), ("validation", 2)])
def test_what_hangs_is_broken_off(
    what: str,
    workers: int,
    signals: int,
    program: Program,
    recipes: dict[str, Path],
    straight: dict[str, Any],
    results: Any,
    tmp_path: Path,
) -> None:
    """A reader that never comes back, or a validation that takes its time: SIGTERM saves and ends
    the run all the same, and a second one changes nothing.
    """
    run = tmp_path / "run"
    never = ("--set", "engine.checkpoint_every=1000", "--set", f"data.workers={workers}")
    hangs = f"what = {what!r}\n{HANGS}"
    started = program.start("run", recipes["one"], "--out", run, *never, before=hangs)
    log = run / "log.jsonl"
    deadline = time.monotonic() + 120
    last = -1
    while time.monotonic() < deadline:  # until it takes no more steps
        size = log.stat().st_size if log.exists() else 0
        if size == last:
            break
        last = size or -1
        time.sleep(1.5)
    asked = time.monotonic()
    for _ in range(signals):
        os.kill(started.number, signal.SIGTERM)
        time.sleep(0.05)
    code = started.wait()
    errors = started.errors.read_text()
    assert time.monotonic() - asked < SOON
    assert code == 1, started.out.read_text() + errors
    steps = len([line for line in log.read_text().splitlines() if '"losses"' in line])
    assert steps == (2 if what == "reader" else 3)
    assert errors == f"stopped at step {steps}; to go on: gan-zoo resume {run}\n"
    assert [path.name for path in (run / "state").glob("step-*")] == [f"step-{steps:09d}"]
    code, told = program("resume", run)
    assert code == 0, told
    assert results(run) == straight["one"]


def test_a_file_that_cannot_be_read_costs_no_step_before_it(
    program: Program,
    recipes: dict[str, Path],
    pairs: Path,
    straight: dict[str, Any],
    results: Any,
    tmp_path: Path,
) -> None:
    """Exit 2 with the file's name and no traceback of a worker; cured, the numbers go on."""
    import shutil

    data, run = Path(shutil.copytree(pairs, tmp_path / "pairs")), tmp_path / "run"
    whole = (data / "train/03.png").read_bytes()
    (data / "train/03.png").write_bytes(whole[:500])
    never = ["--set", "engine.checkpoint_every=1000"]
    code, told = program("run", recipes["one"], "--data", data, "--out", run, *never)
    assert code == 2, told
    problem, saved = told.splitlines()[-2:]
    assert "train/03.png" in problem
    assert re.fullmatch(
        rf"Step \d is saved; once the file is mended, .* gan-zoo resume {run} goes on .*", saved
    )
    assert "Traceback" not in told
    (data / "train/03.png").write_bytes(whole)
    code, told = program("resume", run)
    assert code == 0, told
    ours, theirs = results(run), straight["one"]
    assert ours == theirs
