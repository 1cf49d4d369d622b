"""The folder of an ablation is whole or told what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan, PlannedRun, PlannedVariant
from gan_zoo.ablation.results import Costs, Result
from gan_zoo.errors import UserError
from gan_zoo.evaluation.score_files import Score, Scores

KEY, OTHER, ADOPTED = "00000000000000aa", "00000000000000bb", "00000000000000cc"

PLAN = Plan(
    name="small",
    about="What l1 does",
    reference="both",
    seeds=(0, 4),
    device="cpu",
    threads=1,
    variants={"both": PlannedVariant({}, ("losses.l1: null",), 5, 7, 11, 3, 0.5)},
    runs={
        KEY: PlannedRun("both", 0, "runs/both/seed-0"),
        ADOPTED: PlannedRun("both", 4, "/elsewhere/runs/both/seed-4"),
    },
    orphans={OTHER: PlannedRun("old", 0, "runs/old/seed-0")},
    left_out={"impossible": "it has no skips"},
    stamps={"file": "abc"},
)
SCORE = Score(0.25, True, {"metric": "l1"}, values=(0.2, 0.3))
SCORES = Scores(
    "main", 3, "latest", "test", "", "as it is", "2 pairs", "ab", ("a", "b"), None, {"l1": SCORE}
)
RESULT = Result(KEY, "both", 0, SCORES, Costs(1.5, 0.5, None, 2**20))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    folder = AblationFolder(tmp_path / "new" / "small")
    assert not folder.is_planned()
    folder.write_plan(PLAN)
    assert AblationFolder.open(folder.path).plan() == PLAN
    assert folder.plan() is folder.plan()  # an unchanged file is read once
    folder.write_plan(replace(PLAN, threads=2))
    assert folder.plan().threads == 2
    assert not folder.is_done(KEY)
    assert folder.result(KEY) is None
    folder.write_result(RESULT)
    assert folder.is_done(KEY)
    assert folder.result(KEY) == RESULT
    assert folder.results() == {KEY: RESULT}
    assert not list(folder.path.rglob("*.tmp"))


def test_where_things_lie(tmp_path: Path) -> None:
    folder = AblationFolder(tmp_path)
    folder.write_plan(PLAN)
    assert folder.run(KEY) == tmp_path / "runs/both/seed-0"
    assert folder.run(OTHER) == tmp_path / "runs/old/seed-0"
    assert folder.run(ADOPTED) == Path("/elsewhere/runs/both/seed-4")
    assert folder.resolved("no_skips.l1") == tmp_path / "resolved/no_skips.l1.yaml"
    assert folder.attempts(KEY) == tmp_path / f"attempts/{KEY}.jsonl"
    assert folder.log(KEY) == tmp_path / f"attempts/{KEY}.log"
    assert folder.claim(KEY) == tmp_path / f"claims/{KEY}"
    with pytest.raises(UserError, match="no run of the key 0123"):
        folder.run("0123")


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"format": 9}', '{"format": 1}', "null"])
def test_damage_is_told_with_the_file_and_the_cure(tmp_path: Path, broken: str) -> None:
    folder = AblationFolder(tmp_path)
    folder.write_plan(PLAN)
    folder.write_result(RESULT)
    score = tmp_path / f"scores/{KEY}.json"
    score.write_text(broken)
    with pytest.raises(UserError, match=f"{KEY}.json is damaged .*; remove it .*scored anew"):
        folder.results()
    (tmp_path / "plan.json").write_text(broken)
    with pytest.raises(UserError, match=r"plan.json is damaged .*; remove it .*stays done"):
        folder.plan()


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not an ablation: it holds no plan\.json"):
        AblationFolder.open(tmp_path)
    with pytest.raises(UserError, match="is not an ablation: no such folder"):
        AblationFolder.open(tmp_path / "absent")


def test_opening_imports_no_torch(tmp_path: Path) -> None:
    AblationFolder(tmp_path).write_plan(PLAN)
    told = "import sys; from gan_zoo.ablation.folder import AblationFolder as F; "
    told += "F.open(sys.argv[1]).results(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", told, str(tmp_path)], check=True)
