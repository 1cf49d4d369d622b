"""Runs that were handed to an executor are found again by whom they belong to."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gan_zoo.ablation.children import Child, _keep, adopt, places_of_others
from gan_zoo.ablation.claims import Process, process_start
from gan_zoo.errors import UserError
from tests.ablation.queueing import make_folder, some_result
from tests.ablation.test_claims import ELSEWHERE, GONE, ME

pytestmark = pytest.mark.skipif(os.name != "posix", reason="asks after processes")
ALIVE = Process(ME.machine, os.getppid(), process_start(os.getppid()))


def test_an_executor_adopts_its_own(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    child = Child("1", "a-0", "slurm", "17", "slurm:0", GONE, 0, 0)
    others = [
        replace(child, id="2", executor="local"),
        replace(child, id="3", parent=ALIVE),
        replace(child, id="4", parent=ELSEWHERE),
    ]
    for one in (child, *others):
        _keep(folder, one)
    mine = replace(child, parent=ME)
    assert [*adopt(folder, "slurm")] == [mine]
    assert [*adopt(folder, "slurm")] == [mine]  # asked again where it was not waited for
    assert len([*tmp_path.glob("claims/*.job")]) == 4
    folder.write_result(some_result(folder, "a-0"))
    assert [*adopt(folder, "slurm")] == [mine]
    assert {path.stem for path in tmp_path.glob("claims/*.job")} == {"a-0-1", "a-0-3"}


def test_places_of_others_who_live_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_folder(tmp_path)
    for number, parent in enumerate([ME, GONE, ELSEWHERE]):
        _keep(folder, Child(str(number), "a-0", "local", "", f"cuda:{number}", parent, 0, 0))
    assert places_of_others(folder) == set()
    monkeypatch.setattr(Process, "this", lambda: ALIVE)
    assert places_of_others(folder) == {"cuda:0"}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"parent": {"pid": 1}}'])
def test_a_file_that_cannot_be_read_is_told(text: str, tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims/a-0-1.job").write_text(text)
    with pytest.raises(UserError, match=r"a-0-1\.job is damaged, .*; remove it: a run that some"):
        [*adopt(folder, "local")]
