"""How many runs a machine has room for at once, and how its processors are divided. No torch."""

from __future__ import annotations

import math
import os
from pathlib import Path

from gan_zoo.runs.process import THREADS, number_by_user
from gan_zoo.runs.processor_share import cores, quota

PROCESS = 800 * 2**20  # bytes that a process with torch and its readers takes beside its tensors
ROOT = Path("/")
LIMITS = (  # what a container may hold and holds, of both versions of control groups
    ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"),
    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def count_cores(root: Path = ROOT) -> int:
    """Cores that this process and its children may use together."""
    if hasattr(os, "sched_getaffinity"):
        found = cores(os.sched_getaffinity(0), root)
    else:  # macOS and Windows
        found = os.cpu_count() or 1
    share = quota(root)
    return max(1, found if share is None else min(found, math.ceil(share)))


def count_jobs(runs: int, peak_bytes: int, *, threads: int = 1, root: Path = ROOT) -> int:
    """How many runs at once on the CPU, if nobody says.

    Args:
        runs: How many there are.
        peak_bytes: What the largest of them holds.
        threads: Of each.
        root: Where /proc and /sys are.
    """
    room = [count_cores(root) // threads, runs]
    spare = spare_memory(root)
    if spare is not None:
        room.append(spare // (peak_bytes + PROCESS))
    return max(1, min(room))


def count_threads(jobs: int, root: Path = ROOT) -> int:
    """Threads of each of so many runs at once: the user's own word, else their share."""
    return number_by_user(THREADS) or max(1, count_cores(root) // jobs)


def spare_memory(root: Path = ROOT) -> int | None:
    """Bytes that are free for more processes; None where the system does not tell."""
    found = []
    for line in _read(root / "proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            found.append(1024 * int(value.split()[0]))
    for limit, used in LIMITS:
        told = [_read(root / path) for path in (limit, used)]
        if all(word.isdecimal() for word in told):
            found.append(max(0, int(told[0]) - int(told[1])))
    return min(found, default=None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
