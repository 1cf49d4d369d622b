"""Which process is meant by a number, though numbers are given again."""

from __future__ import annotations

import subprocess
from pathlib import Path

PROC = Path("/proc")
DEAD = ("Z", "X")  # it has ended, and nobody has asked how


def process_start(pid: int) -> str | None:
    """When a process of this machine started: a text that no other process of that number has, be
    it after the machine itself started anew.

    Args:
        pid: Its number.

    Returns:
        The text; None where there is no such process, or it has ended and nobody has asked how.
    """
    return _of_linux(pid) if PROC.is_dir() else _of_others(pid)


def _of_linux(pid: int) -> str | None:
    try:
        told = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="utf-8")
    except OSError:
        return None
    words = told.rpartition(")")[2].split()  # behind the name, which may hold anything: proc(5)
    return None if words[0] in DEAD else f"{boot.strip()} {words[19]}"


def _of_others(pid: int) -> str | None:
    """As `ps` tells, to the second."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:  # Windows has none: what is not a child there is not known
        return None
    words = told.split()
    return None if not words or words[0].startswith(DEAD) else " ".join(words[1:])
