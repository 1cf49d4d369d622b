"""What changed in a file changes no more of its plan than it must."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.ablation import planning
from gan_zoo.ablation.claims import take
from gan_zoo.ablation.figures import Figures, Prepared
from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.places import given_way, reuse_runs
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.planning import make_plan, unchanged
from gan_zoo.ablation.results import Costs, Result
from gan_zoo.errors import UserError
from gan_zoo.evaluation.score_files import Score, Scores
from tests.ablation.conftest import Write, planned

UNTOUCHED = """
import sys, time
from gan_zoo.ablation.figures import Figures, Prepared, rehearse_all
from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.planning import unchanged
file, folder = read_ablation(sys.argv[1]), AblationFolder(sys.argv[2])
begun = time.perf_counter()
assert unchanged(file, folder)
took = time.perf_counter() - begun
assert "torch" not in sys.modules
print(took)
"""

pytestmark = pytest.mark.usefixtures("quick")


def finish(folder: AblationFolder, key: str, value: float = 0.5) -> Result:
    """As if a run were done."""
    run = folder.plan().runs[key]
    score = Score(value, True, {}, (value,))
    scores = Scores("main", 6, "latest", "test", "", "", "", "", ("a",), None, {"l1": score})
    folder.run(key).mkdir(parents=True, exist_ok=True)
    (folder.run(key) / "mark").write_text(key)
    folder.write_result(result := Result(key, run.variant, run.seed, scores, Costs(1.0)))
    return result


def where(plan: Plan) -> dict[str, str]:
    """Variant/seed -> where its run lies."""
    return {f"{run.variant}/{run.seed}": run.run for run in plan.runs.values()}


def test_an_unchanged_file_is_known_without_torch(small: Write, folder: AblationFolder) -> None:
    path = small()
    planned(path, folder)
    command = [sys.executable, "-c", UNTOUCHED, str(path), str(folder.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.3


def test_a_change_is_seen(
    small: Write, folder: AblationFolder, more_pairs: Callable[..., Path], tmp_path: Path
) -> None:
    root = more_pairs(tmp_path / "own")
    path = small(root)
    base = path.with_name("base.yaml")
    assert not unchanged(read_ablation(path), folder)
    planned(path, folder)
    assert unchanged(read_ablation(path), folder)
    changes: list[Callable[[], Any]] = [
        lambda: small(root, about="another"),
        lambda: base.write_text(base.read_text() + "\n"),
        lambda: (root / "test" / "00.png").rename(root / "test" / "09.png"),
        lambda: folder.resolved("gan").unlink(),
        lambda: folder.resolved("gan").write_text("seed: 1\n"),
        lambda: (folder.path / "plan.json").unlink(),
    ]
    for change in changes:
        change()
        file = read_ablation(path)
        assert not unchanged(file, folder)
        make_plan(file, folder=folder)
        assert unchanged(file, folder)


def test_what_the_command_line_adds_is_a_change(small: Write, folder: AblationFolder) -> None:
    file = read_ablation(small())
    make_plan(file, folder=folder)
    more = read_ablation(small(set={"losses.l1.weight": 9}))
    small()  # the file is as it was
    assert not unchanged(replace(file, source=more.source), folder)
    assert unchanged(file, folder)


def test_data_that_was_only_touched_keeps_its_keys(
    small: Write, folder: AblationFolder, more_pairs: Callable[..., Path], tmp_path: Path
) -> None:
    root = more_pairs(tmp_path / "own")
    before = planned(small(root), folder)
    os.utime(root / "train" / "00.png", (1, 1))
    file = read_ablation(small(root))
    assert not unchanged(file, folder)
    after = make_plan(file, folder=folder)
    assert after.stamps["data"] != before.stamps["data"]
    assert replace(after, stamps=before.stamps) == before
    moved = root.rename(tmp_path / "moved")
    assert [*planned(small(moved), folder).runs] == [*before.runs]


def test_what_stays_equal_stays(small: Write, folder: AblationFolder) -> None:
    before = planned(small(), folder)
    done = {key: finish(folder, key) for key in before.runs}
    vary = {"both": {}, "gan": {"losses.l1": None, "losses.gan.weight": 2}, "new": {"data.flip": 0}}
    after = planned(small(vary=vary, seeds=[0, 3], about="Said otherwise"), folder)
    kept = before.key_of("both", 0)
    assert after.key_of("both", 0) == kept
    assert after.runs[kept].run == "runs/both/seed-0"
    assert folder.results() == {kept: done[kept]}
    assert after.key_of("both", 3) not in before.runs
    orphans = {(run.variant, run.seed): run.run for run in after.orphans.values()}
    changed = before.key_of("gan", 0)
    assert orphans == {
        ("gan", 0): f"runs/gan/seed-0-was-{changed}",  # its place is needed
        ("gan", 1): "runs/gan/seed-1",
        ("both", 1): "runs/both/seed-1",
    }
    assert (folder.run(changed) / "mark").read_text() == changed
    assert not (folder.path / "runs/gan/seed-0").exists()
    again = planned(small(), folder)  # as it was: nothing is lost
    assert {*again.runs} == {*before.runs}
    assert folder.results() == done
    assert {run.variant for run in again.orphans.values()} == {"gan", "both", "new"}


def test_an_orphan_that_somebody_makes_stays_in_its_place(
    small: Write, folder: AblationFolder
) -> None:
    before = planned(small(), folder)
    orphan = before.key_of("gan", 0)
    finish(folder, orphan)
    folder.claim(orphan).mkdir(parents=True)
    after = planned(small(vary={"both": {}, "gan": {"data.flip": 0}}), folder)
    assert after.orphans[orphan].run == "runs/gan/seed-0"
    new = after.key_of("gan", 0)
    assert after.runs[new].run == f"runs/gan/seed-0-{new}"


def test_a_run_that_begins_while_it_is_planned_stays_in_its_place(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = planned(small(), folder)
    orphan = before.key_of("gan", 0)
    finish(folder, orphan)
    rehearse = planning.rehearse_all

    def begin(prepared: Iterable[Prepared]) -> dict[str, Figures]:
        take(folder.claim(orphan), place="cpu:0")
        return rehearse(prepared)

    monkeypatch.setattr(planning, "rehearse_all", begin)
    after = planned(small(vary={"both": {}, "gan": {"data.flip": 0}}), folder)
    assert after.orphans[orphan].run == "runs/gan/seed-0"
    assert (folder.path / "runs/gan/seed-0/mark").read_text() == orphan
    new = after.key_of("gan", 0)
    assert after.runs[new].run == f"runs/gan/seed-0-{new}"


def test_nobody_begins_what_gives_way(small: Write, folder: AblationFolder) -> None:
    before = planned(small(), folder)
    orphan = before.key_of("gan", 0)
    finish(folder, orphan)
    asked = {key: (run.variant, run.seed) for key, run in before.runs.items() if key != orphan}
    with given_way({**asked, "0" * 16: ("gan", 0)}, before, folder) as places:
        assert take(folder.claim(orphan), place="cpu:0") is None
        assert places.orphans[orphan].run == f"runs/gan/seed-0-was-{orphan}"
        assert (folder.path / places.orphans[orphan].run / "mark").is_file()
    assert take(folder.claim(orphan), place="cpu:0") is not None


def test_weights_of_a_network_that_change_are_seen(
    small: Write, folder: AblationFolder, tmp_path: Path
) -> None:
    weights = tmp_path / "encoder.pth"
    weights.write_text("old")
    timm = {"use": "unet_timm", "levels": 3, "width": 2, "weights": str(weights)}
    path = small(vary={"both": {}, "timm": {"generator": timm}})
    before = planned(path, folder)
    assert unchanged(read_ablation(path), folder)
    weights.write_text("newer")
    assert not unchanged(read_ablation(path), folder)
    assert planned(path, folder).key_of("timm", 0) not in before.runs


def test_a_variant_may_be_called_otherwise(small: Write, folder: AblationFolder) -> None:
    before = planned(small(), folder)
    key = before.key_of("gan", 0)
    result = finish(folder, key)
    vary = {"both": {}, "only_gan": {"losses.l1": None}, "gan": {"data.flip": 0}}
    after = planned(small(vary=vary), folder)
    assert after.runs[key].variant == "only_gan"
    assert after.runs[key].run == "runs/gan/seed-0"
    assert folder.results()[key] == replace(result, variant="only_gan")
    folder.write_result(replace(result, seed=7))  # by who began before that
    assert folder.results()[key] == replace(result, variant="only_gan")
    new = after.key_of("gan", 0)
    assert where(after)["gan/0"] == f"runs/gan/seed-0-{new}"
    assert after.variants["only_gan"].parameters == before.variants["gan"].parameters


def test_figures_of_equal_runs_are_kept(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = planned(small(), folder)
    names: list[str] = []

    def note(prepared: Iterable[Prepared]) -> dict[str, Figures]:
        names.extend(one.name for one in prepared)
        return {}

    monkeypatch.setattr(planning, "rehearse_all", note)
    after = planned(small(seeds=[1, 2]), folder)
    assert not names
    assert after.variants == before.variants


def test_plan_scores_and_attempts_are_enough(small: Write, folder: AblationFolder) -> None:
    before = planned(small(), folder)
    for key in [*before.runs][:3]:
        finish(folder, key)
    shutil.rmtree(folder.path / "runs")
    shutil.rmtree(folder.path / "resolved")
    after = planned(small(), folder)
    assert after == before
    assert [key for key in after.runs if not folder.is_done(key)] == [*before.runs][3:]


def test_a_move_that_was_cut_is_found_again(small: Write, folder: AblationFolder) -> None:
    before = planned(small(), folder)
    key = before.key_of("gan", 0)
    finish(folder, key)
    folder.run(key).rename(aside := folder.path / f"runs/gan/seed-0-was-{key}")
    assert planned(small(), folder).runs[key].run == str(aside.relative_to(folder.path))


def test_finished_runs_of_another_ablation(
    small: Write, folder: AblationFolder, tmp_path: Path
) -> None:
    other = AblationFolder(tmp_path / "other")
    theirs = planned(small(vary={"both": {}, "plain": {"losses.l1": None}}), other)
    done = [theirs.key_of("plain", 0), theirs.key_of("both", 1)]
    for key in done:
        finish(other, key)
        other.write_attempts(key, json.dumps({"exit": 0}) + "\n")
    ours = planned(small(seeds=[0]), folder)
    assert ours.key_of("gan", 0) == done[0]
    assert reuse_runs(folder, other.path) == [done[0]]
    result = folder.results()[done[0]]
    assert (result.variant, result.scores.scores) == ("gan", {"l1": 0.5})
    assert folder.attempts(done[0]).read_text() == '{"exit": 0}\n'
    assert folder.run(done[0]) == other.run(done[0]).resolve()
    assert not list(folder.path.rglob("mark"))
    assert reuse_runs(folder, other.path) == []
    kept = planned(small(seeds=[0, 1]), folder)
    assert kept.runs[done[0]].run == str(other.run(done[0]).resolve())
    with pytest.raises(UserError, match="is the ablation itself"):
        reuse_runs(folder, folder.path)
    with pytest.raises(UserError, match="is not an ablation"):
        reuse_runs(folder, tmp_path)
