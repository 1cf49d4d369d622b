"""How many threads this process has processors for: those that it may run on, and the share of them
that its container is given (cgroups of both versions).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path("/")


def count_threads(root: Path = ROOT) -> int | None:
    """Threads for the share of the container; None where it does not limit what torch takes, which
    is one for each core that the process may run on.

    Args:
        root: Where /proc and /sys are.
    """
    if not hasattr(os, "sched_getaffinity"):  # neither macOS nor Windows has these shares
        return None
    share = quota(root)
    if share is None or share > cores(os.sched_getaffinity(0), root) - 1:
        return None  # what is begun counts: at 1.5 two threads do more than one
    return max(1, math.ceil(share))


def cores(processors: Iterable[int], root: Path = ROOT) -> int:
    """Cores of these processors: two that the system calls siblings are one."""
    folder = root / "sys/devices/system/cpu"
    return len({_read(folder / f"cpu{n}/topology/thread_siblings_list") or n for n in processors})


def quota(root: Path = ROOT) -> float | None:
    """Processors' worth of time that the process's control groups allow; None where none limits
    it. The tightest of the group and those that hold it.
    """
    allowed = [share for folder in _groups(root) if (share := _allowed(folder)) is not None]
    return min(allowed, default=None)


def _groups(root: Path) -> Iterator[Path]:
    """The folders of the process's groups that divide processor time, up to their mounts."""
    paths = {}  # controllers, none in version 2 -> path of the group
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, names, path = line.split(":", 2)
        paths.update(dict.fromkeys(names.split(","), path))
    for line in _read(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        top, mount = before.split()[3:5]
        kind, *_, options = after.split()
        name = {"cgroup2": "", "cgroup": "cpu"}.get(kind)
        if name is None or name not in paths or name not in ("", *options.split(",")):
            continue
        path = paths[name]
        inside = path.removeprefix(top.rstrip("/")) if path.startswith(top) else ""
        place = root / mount.lstrip("/")
        group = place / inside.lstrip("/")
        yield from (group, *(one for one in group.parents if one.is_relative_to(place)))


def _allowed(group: Path) -> float | None:
    """What one group allows: `cpu.max` of version 2, or the two files of version 1."""
    told = _read(group / "cpu.max").split() or [
        _read(group / f"cpu.cfs_{word}_us") for word in ("quota", "period")
    ]
    if len(told) != 2 or not all(word.isdecimal() and int(word) for word in told):
        return None  # "max" and -1 are no limits, nor is what cannot be read
    return int(told[0]) / int(told[1])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
