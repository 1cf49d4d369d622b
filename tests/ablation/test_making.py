"""One run of an ablation: trained once, wherever it is cut, and scored to the same numbers."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import gan_zoo
from gan_zoo.ablation import making
from gan_zoo.ablation.costs import read_costs
from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.making import make_run
from gan_zoo.ablation.places import reuse_runs
from gan_zoo.ablation.planning import make_plan
from gan_zoo.ablation.results import Costs, Result
from gan_zoo.errors import UserError
from gan_zoo.evaluation.score_files import Scores
from gan_zoo.reporter import Reporter
from gan_zoo.runs import atomic
from gan_zoo.runs import folder as runs_folder
from gan_zoo.runs.folder import RunFolder
from tests.ablation.conftest import planned

Write = Callable[..., Path]
QUIET = Reporter(quiet=True)
SCORES = Scores("main", 6, "latest", "test", "", "", "", "", (), None, {})


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def ready(small: Write, folder: AblationFolder) -> AblationFolder:
    """A planned one."""
    planned(small(), folder)
    return folder


def make(folder: AblationFolder, variant: str = "both", seed: int = 1) -> Result:
    return make_run(folder, folder.plan().key_of(variant, seed), QUIET)


def die_in(do: Callable[[], Any]) -> int:
    """Do something in a child that does not come back; how it ended."""
    child = os.fork()
    if child == 0:
        try:
            do()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_run_is_an_ordinary_one_with_a_result(ready: AblationFolder) -> None:
    key = ready.plan().key_of("both", 1)
    result = make(ready)
    assert ready.is_done(key)
    assert ready.result(key) == result
    assert (result.key, result.variant, result.seed) == (key, "both", 1)
    run = RunFolder.open(ready.path / "runs/both/seed-1")
    assert run.recipe().seed == 1
    assert run.recipe().phases["main"].steps == 6
    assert {"report.html", "origins.txt", "weights", "scores"} <= {
        p.name for p in run.path.iterdir()
    }
    scores = result.scores
    assert (scores.split, scores.step, scores.weights, scores.pictures) == ("test", 6, "latest", 3)
    assert set(scores.measured) == {"l1", "sharp"}
    again = gan_zoo.evaluate(run, metrics=["l1"], device="cpu")
    assert again.measured["l1"] == scores.measured["l1"]
    costs = result.costs
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    assert costs.seconds == pytest.approx(sum(line["seconds"] for line in lines), abs=1e-3)
    assert costs.seconds_a_step == pytest.approx(costs.seconds / 6, rel=3)
    assert costs.device_bytes is None
    assert costs.process_bytes == lines[-1]["memory"]["process_bytes"] > 2**27


def test_seeds_and_variants_differ(ready: AblationFolder) -> None:
    found = {
        make(ready, variant, seed).scores.scores["l1"]
        for variant, seed in (("both", 0), ("both", 1), ("gan", 0))
    }
    assert len(found) == 3


def test_what_is_done_is_left_as_it_is(
    ready: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = make(ready)
    shutil.rmtree(ready.path / "runs")
    monkeypatch.setattr(making, "read_run", None)
    assert make(ready) == result
    assert not (ready.path / "runs").exists()


def test_killed_anywhere_it_comes_to_the_same(ready: AblationFolder, tmp_path: Path) -> None:
    """Before a file of each stage takes its name: recipe, checkpoint, weights, scores, result."""
    straight = make(ready)
    key, write = straight.key, atomic.write_files
    run = ready.path / "runs/both/seed-1"
    lines = (run / "log.jsonl").read_text().count("\n")
    before = run.rename(tmp_path / "straight")
    ready.path.joinpath(f"scores/{key}.json").unlink()
    for told in ("recipe.yaml", "step-000000003", "latest", "test-000006.json", f"{key}.json"):

        def die(parent: Path, files: Any, told: str = told) -> None:
            if told in {*files} or told in str(parent):
                os.kill(os.getpid(), signal.SIGKILL)
            write(parent, files)

        def do(die: Any = die) -> None:
            for module in (atomic, runs_folder):
                vars(module)["write_files"] = die
            make_run(ready, key, QUIET)

        assert die_in(do) == -signal.SIGKILL, told
        assert not ready.is_done(key)
    result = make(ready)
    assert result.scores == straight.scores
    assert replace(result, costs=straight.costs).as_text() == straight.as_text()
    assert (run / "log.jsonl").read_text().count("\n") == lines  # a step has one line
    assert result.costs.seconds > 0
    weights = "weights/latest/generator.safetensors"
    assert (run / weights).read_bytes() == (before / weights).read_bytes()


def test_a_trained_run_is_only_scored(
    ready: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = make(ready)
    (ready.path / f"scores/{result.key}.json").unlink()
    steps: list[int] = []
    step = "gan_zoo.engine.phase.PhaseRunner.step"
    monkeypatch.setattr(step, lambda *told: steps.append(1))
    assert make(ready) == result
    assert not steps


def test_what_a_start_left_is_removed(ready: AblationFolder) -> None:
    run = ready.path / "runs/both/seed-1"
    run.mkdir(parents=True)
    (run / "origins.txt").write_text("torn")
    (run / "left.txt").write_text("")
    make(ready)
    assert (run / "recipe.yaml").is_file()
    assert not (run / "left.txt").exists()


def test_another_run_in_its_place_is_refused(ready: AblationFolder) -> None:
    make(ready, "both", 0)
    shutil.copytree(ready.path / "runs/both/seed-0", ready.path / "runs/both/seed-1")
    with pytest.raises(UserError, match="seed-1 is another run; move it away"):
        make(ready, "both", 1)
    (ready.path / "runs/gan").mkdir()
    (ready.path / "runs/gan/seed-0").write_text("no folder")
    with pytest.raises(UserError, match="seed-0 is no run; move it away"):
        make(ready, "gan", 0)


def test_what_is_not_of_the_plan_any_more_is_refused(
    small: Write, more_pairs: Callable[..., Path], tmp_path: Path
) -> None:
    root, folder = more_pairs(tmp_path / "own"), AblationFolder(tmp_path / "out")
    make_plan(read_ablation(small(root)), folder=folder)
    resolved = folder.resolved("both")
    text = resolved.read_text()
    resolved.write_text(text.replace("weight: 100.0", "weight: 99.0"))
    assert resolved.read_text() != text
    with pytest.raises(UserError, match=r"both, seed 1: .* have changed since the plan was made"):
        make(folder)
    resolved.write_text(text)
    (root / "train" / "00.png").rename(root / "train" / "09.png")
    with pytest.raises(UserError, match="have changed since the plan was made"):
        make(folder)
    with pytest.raises(UserError, match="no run of the key 0123"):
        make_run(folder, "0123", QUIET)
    assert not (folder.path / "runs").exists()


def test_threads_are_those_of_the_plan(
    small: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = AblationFolder(tmp_path / "out")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert make_plan(read_ablation(small()), folder=folder).threads == 2
    before = torch.get_num_threads()
    try:
        make(folder)
    finally:
        torch.set_num_threads(before)
    told = json.loads((folder.path / "runs/both/seed-1/environment.json").read_text())
    assert told["computing"]["threads"] == 2


def test_an_adopted_run_is_not_made(ready: AblationFolder, small: Write, tmp_path: Path) -> None:
    result = make(ready, "gan", 0)
    other = AblationFolder(tmp_path / "other")
    make_plan(read_ablation(small(seeds=[0], about="Again")), folder=other)
    assert reuse_runs(other, ready.path) == [result.key]
    assert make_run(other, result.key, QUIET) == result
    assert not (other.path / "runs").exists()
    assert gan_zoo.load(other.run(result.key)) is not None


def test_data_that_moved_is_followed(
    small: Write, folder: AblationFolder, more_pairs: Callable[..., Path], tmp_path: Path
) -> None:
    root = more_pairs(tmp_path / "own")
    planned(small(root), folder)
    result = make(folder)
    (folder.path / f"scores/{result.key}.json").unlink()
    moved = root.rename(tmp_path / "moved")
    planned(small(moved), folder)
    assert make(folder).scores.scores == result.scores.scores
    run = folder.run(result.key)
    assert yaml.safe_load((run / "recipe.yaml").read_text())["data"]["root"] == str(moved)
    assert "changed" not in (run / "log.txt").read_text()


def test_files_that_moved_are_those_that_were() -> None:
    now = {"losses": [{"weights": {"sha256": "ab"}}]}
    assert making._are_equal({"losses": [{"weights": "/was/here.pth"}]}, now)
    assert making._are_equal(now, now)
    assert not making._are_equal({"losses": [{"weights": {"sha256": "cd"}}]}, now)
    assert not making._are_equal({"losses": [{"weights": "none"}]}, now)
    assert not making._are_equal({"losses": []}, now)


def test_costs_count_every_step_once(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"step": 20, "seconds": 0.5, "losses": {}},
        {"step": 20, "validation": {"l1": 3}},
        {"step": 30, "seconds": 0.2, "memory": {"device_bytes": 9, "process_bytes": 70}},
        {"step": 35, "seconds": 0.4, "memory": {"device_bytes": 8, "process_bytes": 80}},
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_costs(tmp_path / "log.jsonl") == Costs(14.0, 0.4, 9, 80)
    (tmp_path / "log.jsonl").write_text("")
    assert read_costs(tmp_path / "log.jsonl") == Costs(0.0)
