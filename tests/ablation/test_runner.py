"""Which runs are made, where plans change beside a process that is at them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gan_zoo.ablation.children import submit
from gan_zoo.ablation.one import run_one
from gan_zoo.ablation.runner import Outcome
from tests.ablation.queueing import Said, Sleepers, causes, make_folder, run_quickly, sleep_run

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="asks after processes"),
    pytest.mark.usefixtures("impatient"),
]


def test_what_is_planned_no_more_is_left(tmp_path: Path) -> None:
    """Somebody changed the file while this process was at it."""
    folder = make_folder(tmp_path, variants=3, seeds=1, behavior={"a-0": {"seconds": 0.2}})

    def replan(key: str) -> None:
        plan = folder.plan()
        known = {**plan.runs, **plan.orphans}
        runs = {key: run for key, run in known.items() if key != "b-0"}
        folder.write_plan(replace(plan, runs=runs, orphans={"b-0": known["b-0"]}))

    outcome, said = run_quickly(folder, Sleepers(1), on_done=replan)
    assert outcome == Outcome(("a-0", "c-0"), (), ())
    assert "b seed 0 is not asked for any more" in said
    assert submit(folder, "b-0", "cpu:0", Sleepers(1), "sleepers") is None
    assert run_one(folder, "b-0", make=sleep_run, reporter=(one := Said())) == 0
    assert one.lines == [f"{folder.run('b-0')} is not asked for any more"]
    assert causes(folder, "b-0") == []


def test_what_is_prepared_is_what_may_be_made(tmp_path: Path) -> None:
    folder, asked = make_folder(tmp_path, behavior={"a-0": {"faults": ["contract"]}}), []
    run_quickly(folder, Sleepers(2), only=["a"])
    assert causes(folder, "a-0") == ["contract"]
    run_quickly(folder, Sleepers(2), prepare=asked.append)
    run_quickly(folder, Sleepers(2), prepare=asked.append)  # nothing will be made
    run_quickly(folder, Sleepers(2), prepare=asked.append, retry="all")
    assert asked == [["b-0", "b-1"], ["a-0"]]
