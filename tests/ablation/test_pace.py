"""A budget of minutes is one of steps whose seconds were measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.ablation import pace, planning
from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.planning import make_plan
from gan_zoo.errors import UserError
from gan_zoo.reporter import RECENT, Reporter
from tests.ablation.conftest import Write, planned

pytestmark = pytest.mark.usefixtures("quick")


def test_steps_are_measured_once(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def measure(wired: Any, steps: Any, threads: int | None) -> float:
        asked.append(sum(steps.values()))
        return 0.5 if "l1" in wired.recipe.losses else 0.25

    monkeypatch.setattr(planning, "measure_pace", measure)
    plan = planned(small(budget={"minutes": 1}), folder)
    assert {n: (v.steps, v.seconds_a_step) for n, v in plan.variants.items()} == {
        "gan": (240, 0.25),
        "both": (120, 0.5),
    }
    assert planned(small(budget={"minutes": 1}, about="again"), folder).runs == plan.runs
    longer = planned(small(budget={"minutes": 2}), folder)
    assert longer.variants["gan"].steps == 480
    assert len(asked) == 2


def test_a_pace_is_that_of_a_child_with_the_plans_threads(small: Write) -> None:
    phases = {"phases.main": {"steps": 30}, "phases.late": {"steps": 10, "size": [32, 32]}}
    file = read_ablation(small(budget={"minutes": 0.05}, set=phases, vary={"both": {}}))
    plan = make_plan(file, reporter=Reporter(quiet=True))
    variant = plan.variants["both"]
    assert variant.seconds_a_step is not None
    assert 0.0005 < variant.seconds_a_step < 1
    assert variant.steps == max(2, int(3 / variant.seconds_a_step))


def test_a_pace_of_two_phases_is_their_mean(tmp_path: Path) -> None:
    means = {"main": [9.0, 5.0, 4.0, 3.0] + [(12 + 2 * n) / (4 + n) for n in range(1, 17)]}
    means["late"] = [1.0] * 20
    told = [{"phase": phase, "seconds": mean} for phase, own in means.items() for mean in own]
    lines = [*map(json.dumps, told)]
    (tmp_path / "log.jsonl").write_text("\n".join([*lines, json.dumps({"phase": "late"})]))
    assert dict(pace._paces(tmp_path / "log.jsonl")) == pytest.approx({"main": 2.0, "late": 1.0})


def test_a_log_tells_means_of_all_steps_so_far() -> None:
    assert pace.WARM + pace.TIMED <= RECENT


def test_a_short_run_that_fails_says_why(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LENGTH", {"epochs": None, "steps": -1, "schedule": None})
    with pytest.raises(UserError, match=r"a short run, to measure its steps, failed:\n.*steps"):
        planned(small(budget={"minutes": 1}), folder)
    assert not folder.path.exists()
