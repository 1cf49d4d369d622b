"""How many runs a machine has room for at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gan_zoo.ablation.room import PROCESS, count_cores, count_jobs, count_threads, spare_memory
from gan_zoo.runs.process import SET

GB = 10**9


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six cores of one processor each, 8 GB free, no container."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(6), raising=False)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", SET):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(f"MemFree: 1 kB\nMemAvailable: {8 * GB // 1024} kB\n")
    return tmp_path


def limit(machine: Path, most: int, used: int) -> None:
    """Put the machine into a container."""
    group = machine / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text(f"{most}\n")
    (group / "memory.current").write_text(f"{used}\n")


def test_cores_runs_and_memory_are_the_limits(machine: Path) -> None:
    assert count_cores(machine) == 6
    assert spare_memory(machine) == 8 * GB // 1024 * 1024
    assert count_jobs(15, 0, root=machine) == 6
    assert count_jobs(4, 0, root=machine) == 4
    assert count_jobs(15, 0, threads=3, root=machine) == 2
    assert count_jobs(15, 2 * GB, root=machine) == 2
    assert count_jobs(15, 99 * GB, root=machine) == 1
    limit(machine, 4 * GB, 4 * GB - 2 * PROCESS)
    assert spare_memory(machine) == 2 * PROCESS
    assert count_jobs(15, 0, root=machine) == 2


def test_a_system_that_tells_nothing(machine: Path) -> None:
    (machine / "proc/meminfo").unlink()
    assert spare_memory(machine) is None
    assert count_jobs(15, 10**15, root=machine) == 6


def test_threads_are_shared_out_unless_the_user_says(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [count_threads(jobs, machine) for jobs in (1, 2, 4, 9)] == [6, 3, 1, 1]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert count_threads(1, machine) == 2
    monkeypatch.setenv(SET, "OMP_NUM_THREADS=2")  # gan-zoo's own, for its share of a container
    assert count_threads(1, machine) == 6
