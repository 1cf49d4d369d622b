"""An ablation whose parents and children are killed comes to the same scores, and trains nothing
twice.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.ablation.attempts import read_attempts
from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.planning import make_plan
from gan_zoo.ablation.results import Costs, Result
from gan_zoo.ablation.states import read_states
from gan_zoo.ablation.table_making import read_table
from gan_zoo.ablation.tables.records import as_data
from tests.ablation.conftest import ABLATION, BASE, write_pairs

STEPS = 12
ROOM = 400 * 2**20  # bytes that a child may take beside torch itself; the wide one needs 1.4 GiB
Stage = Callable[..., tuple[int, float, int]]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Makes an ablation while some are killed: the exit code, the seconds that it took, how many
    children were killed. See ablation_stage.py.
    """
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("ablation_stage.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def play(
        folder: AblationFolder,
        *kills: tuple[float, str],
        seed: int = 0,
        room: int | None = None,
    ) -> tuple[int, float, int]:
        told = {"folder": str(folder.path), "kills": kills, "seed": seed, "room": room}
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        code, seconds, killed = json.loads(process.stdout.readline())
        return code, seconds, killed

    with process:
        yield play


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> AblationFolder:
    """Two variants by two seeds, of which nothing was made."""
    return plan_in(tmp_path_factory.mktemp("planned"), ABLATION)


def plan_in(home: Path, text: str) -> AblationFolder:
    """Plan an ablation of a few steps."""
    (home / "base.yaml").write_text(BASE.replace("ROOT", str(write_pairs(home / "pairs"))))
    (home / "small.yaml").write_text(text.replace("steps: 6", f"steps: {STEPS}"))
    folder = AblationFolder(home / "ablation")
    make_plan(read_ablation(home / "small.yaml"), folder=folder, jobs=2)
    return folder


@pytest.fixture(scope="module")
def straight(
    stage: Stage, planned: AblationFolder, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], float]:
    """What nobody disturbed came to, and how long it took."""
    folder = copied(planned, tmp_path_factory.mktemp("straight"))
    code, seconds, _ = stage(folder)
    assert code == 0, (folder.path / "parent.log").read_text()
    return {**scores(folder), "table": table(folder)}, seconds


def copied(planned: AblationFolder, home: Path) -> AblationFolder:
    """Its folder, to be disturbed."""
    return AblationFolder(shutil.copytree(planned.path, home / "ablation"))


def scores(folder: AblationFolder) -> dict[str, Result]:
    """All but what it cost."""
    return {key: replace(one, costs=Costs(0.0)) for key, one in folder.results().items()}


def table(folder: AblationFolder) -> str:
    """The bytes of table.json, but for what runs took."""
    return json.dumps({**as_data(read_table(folder)), "costs": None})


def refuse_repetition(folder: AblationFolder, kills: int) -> None:
    """Every step of every run is there once, every run was made once, and each death was noted."""
    died = 0
    for key in folder.plan().runs:
        log = [
            json.loads(line) for line in (folder.run(key) / "log.jsonl").read_text().splitlines()
        ]
        assert [line["step"] for line in log if "losses" in line] == [*range(1, STEPS + 1)]
        causes = [one.cause for one in read_attempts(folder.attempts(key))]
        assert causes == ["killed"] * (len(causes) - 1) + [None]
        died += len(causes) - 1
    assert died <= kills
    assert not [path for path in (folder.path / "claims").iterdir() if path.name[0] != "."]


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 20))]
)
def test_killed_at_a_random_moment(
    seed: int, stage: Stage, planned: AblationFolder, straight: Any, tmp_path: Path
) -> None:
    expected, seconds = straight
    assert len(expected) == 4 + 1
    folder, draw = copied(planned, tmp_path), random.Random(seed)
    whom = ("both", "child", "parent")[seed % 3]
    kills = [(draw.uniform(0, seconds / 2), whom), (draw.uniform(0, seconds / 2), whom)]
    code, _, killed = stage(folder, *kills, seed=seed)
    assert code == 0, (folder.path / "parent.log").read_text()
    assert {**scores(folder), "table": table(folder)} == expected
    assert killed == 0 if whom == "parent" else killed > 0
    refuse_repetition(folder, killed)


def test_a_child_that_gets_no_memory(stage: Stage, tmp_path: Path) -> None:
    """A limit of the system, which one variant does not keep: it fails, and no other."""
    told = ABLATION.replace("gan: {losses.l1: null}", "wide: {generator.width: 512}")
    folder = plan_in(tmp_path, told.replace("seeds: [0, 1]", "seeds: [0]"))
    code, _, _ = stage(folder, room=ROOM)
    assert code == 1
    states, keys = read_states(folder), folder.plan().key_of
    assert states == {keys("wide", 0): "failed: memory", keys("both", 0): "done"}
    [one] = read_attempts(folder.attempts(keys("wide", 0)))
    assert "allocate memory" in one.last
    assert "Traceback" in folder.log(keys("wide", 0)).read_text()
    said = (folder.path / "parent.log").read_text()
    assert "wide seed 0 failed: memory. RuntimeError: " in said
    assert f"to try again what failed: gan-zoo ablate {folder.path} --retry memory" in said
