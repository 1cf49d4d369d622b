"""A disk that is full or cannot be written: said with the file, and nothing kept is lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.runs import atomic, checkpoint
from gan_zoo.runs.checkpoint import Position

Program = Callable[..., tuple[int, str]]
STATE = {"networks": {"generator": {"w": torch.ones(3)}}}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """From the n-th sync on there is no room."""

    def set(after: int) -> None:
        count = 0

        def fsync(handle: int) -> None:
            nonlocal count
            count += 1
            if count > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", fsync)

    return set


@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_costs_no_earlier_checkpoint(
    tmp_path: Path, full: Callable[[int], None], after: int
) -> None:
    checkpoint.save(tmp_path, Position("main", step=1), STATE)
    before = snapshot(tmp_path)
    full(after)
    with pytest.raises(OSError, match="No space left") as raised:
        checkpoint.save(tmp_path, Position("main", step=2), STATE)
    names = (checkpoint.TENSORS, checkpoint.META)
    assert Path(raised.value.filename).name == names[after]
    assert snapshot(tmp_path) == before


def test_a_file_is_old_or_new(tmp_path: Path, full: Callable[[int], None]) -> None:
    atomic.write_file(tmp_path / "a", "old")
    full(0)
    with pytest.raises(OSError, match="No space left") as raised:
        atomic.write_file(tmp_path / "a", "new")
    assert raised.value.filename == str(tmp_path / "a")
    assert snapshot(tmp_path) == {"a": b"old"}


def test_files_that_belong_together_change_together(
    tmp_path: Path, full: Callable[[int], None]
) -> None:
    atomic.write_files(tmp_path, {"a": "old", "b": b"old"})
    full(1)
    with pytest.raises(OSError, match="No space left"):
        atomic.write_files(tmp_path, {"a": "new", "b": b"new"})
    assert snapshot(tmp_path) == {"a": b"old", "b": b"old"}


@pytest.mark.parametrize("full_at", [50, 65, 80])
def test_a_run_stops_with_the_file_s_name_and_goes_on_when_cured(
    program: Program,
    recipes: dict[str, Path],
    straight: dict[str, Any],
    results: Any,
    tmp_path: Path,
    full_at: int,
) -> None:
    run = tmp_path / "run"
    code, told = program("run", recipes["one"], "--out", run, folder=str(run), full_at=full_at)
    assert code == 1, told
    assert "No space left on device" in told
    assert str(run) in told.splitlines()[-1]
    assert "Traceback" not in told
    assert list((run / "state").glob("step-*"))
    code, told = program("resume", run)
    assert code == 0, told
    assert results(run) == straight["one"]


def test_an_output_that_cannot_be_written_is_the_user_s_mistake(
    program: Program, recipes: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    code, told = program("run", recipes["one"], "--out", tmp_path / "file" / "run")
    assert code == 2
    assert told == f"{tmp_path}/file/run cannot be written: Not a directory\n"


def test_a_run_that_cannot_start_leaves_no_folder(
    program: Program, recipes: dict[str, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    for change in ("validation.split=test", "engine.device=cuda:7"):
        code, told = program("run", recipes["one"], "--out", run, "--set", change)
        assert code == 2, told
        assert not run.exists()
