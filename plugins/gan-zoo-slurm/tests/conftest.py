from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import gan_zoo_slurm.queue
from gan_zoo.components import Job

FAKE = Path(__file__).with_name("fake_slurm.py")
PROGRAMS = ("sbatch", "srun", "squeue", "scancel", "scontrol")


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "nothing of it came"
        time.sleep(0.02)


class Slurm:
    """The fake of fake_slurm.py, and its folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def script(self, handle: str) -> str:
        return (self.home / f"{handle}.sh").read_text()

    def warn(self, handle: str) -> None:
        """The job's time is nearly up: the signal that it asked for, to all of its step."""
        (name,) = [
            line.partition("=")[2].partition("@")[0]
            for line in self.script(handle).splitlines()
            if line.startswith("#SBATCH --signal=")
        ]
        group = int((self.home / f"{handle}.step").read_text())
        os.killpg(group, signal.Signals[f"SIG{name}"])

    def is_queued(self, handle: str) -> bool:
        return (self.home / f"{handle}.state").exists()


@pytest.fixture(autouse=True)
def slurm(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Slurm]:
    """A Slurm on the path, whose queue is asked as often as one likes."""
    home, programs = tmp_path_factory.mktemp("slurm"), tmp_path_factory.mktemp("bin")
    for name in PROGRAMS:
        program = programs / name
        program.write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(FAKE))} {name} "$@"\n'
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_SLURM", str(home))
    monkeypatch.setattr(gan_zoo_slurm.queue, "ASK_AGAIN", 0.05)
    yield Slurm(home)
    left = [path.stem for path in home.glob("*.state")]
    for handle in left:
        (home / f"{handle}.cancelled").touch()
        if (step := home / f"{handle}.step").exists():
            os.killpg(int(step.read_text()), signal.SIGKILL)
    assert not left, "a test left jobs in the queue"


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """A job of a program in Python."""

    def make(program: str, **others: object) -> Job:
        words = {"threads": 2, "device": "cpu", "name": "losses-l1-0", "place": "slurm:0", **others}
        command = (sys.executable, "-c", program)
        log = tmp_path / "KEY.log"
        return Job(command=command, folder=tmp_path, log=log, environment={"KIT": "1"}, **words)

    return make
