"""A process is told from a later one of its number."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gan_zoo.components import process_start, processes

WAYS = ["proc", "ps"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    if request.param == "ps":
        monkeypatch.setattr(processes, "PROC", tmp_path / "absent")
    return str(request.param)


def test_one_process_has_one_start(way: str) -> None:
    ours = process_start(os.getpid())
    assert ours
    assert ours == process_start(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    theirs = process_start(child.pid)
    assert theirs
    if way == "proc":
        assert theirs != ours
    child.communicate()
    assert process_start(child.pid) is None


def test_one_that_nobody_has_asked_how_it_ended_is_gone(way: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    end = time.monotonic() + 30
    while process_start(child.pid) is not None:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert child.returncode is None  # it is still in the table of processes
    child.wait()


def test_a_name_with_brackets_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fields = " ".join(["S", *map(str, range(4, 53))])  # proc(5) counts from 1; 22 is the start
    (tmp_path / "7").mkdir()
    (tmp_path / "7/stat").write_text(f"7 (a) Z (b) {fields}\n")
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("boot\n")
    monkeypatch.setattr(processes, "PROC", tmp_path)
    assert process_start(7) == "boot 22"
    assert process_start(8) is None


def test_without_ps_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path / "absent")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert process_start(os.getpid()) is None
