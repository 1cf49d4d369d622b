"""gan-zoo resume --steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import TINY, Command


def test_the_end_can_be_moved_and_lifted(zoo: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    few = ("--set", "phases.main.epochs=null", "--set", "phases.main.steps=4")
    said = zoo("run", "quickstart", *TINY, *few, "--steps", 1, "--out", run)
    assert said.code == 0, said.err
    assert f"gan-zoo resume {run} --steps all goes on" in said.out.replace("\n", "")
    for words, ended, kept in (
        ((), "Ended at --steps 1 of 4", 1),
        (("--steps", "3"), "Ended at --steps 3 of 4", 3),
        (("--steps", "all"), "Done after 4 steps", None),
    ):
        said = zoo("resume", run, *words)
        assert said.code == 0, said.err
        assert ended in said.out
        assert json.loads((run / "run.json").read_text())["steps"] == kept
    said = zoo("resume", run, "--steps", 2)
    assert (said.code, said.err) == (2, f"--steps 2: {run} is at step 4\n")


@pytest.mark.parametrize("steps", ["0", "some", "1.5", ""])
def test_steps_are_a_number_or_all(zoo: Command, tmp_path: Path, steps: str) -> None:
    said = zoo("resume", tmp_path, "--steps", steps)
    told = f"--steps: {steps} came; a number above 0, or all, was expected\n"
    assert (said.code, said.err) == (2, told)
