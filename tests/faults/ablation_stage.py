"""Makes ablations in forks of one process that has torch imported, so that being killed is cheap.

Reads one JSON object a line: `folder` of a planned ablation, `kills` as [seconds, whom] one after
the other: a `parent`, a `child`, or `both`. A parent that was killed has a successor. With `room`
each child may have so many bytes more than it has at its start. Answers with the exit code of the
last parent, the seconds that it all took, and how many children were killed.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gan_zoo.ablation import queue
from gan_zoo.ablation.attempts import REAPER
from gan_zoo.ablation.claims import living, process_start
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.one import run_one
from gan_zoo.ablation.runner import run_all
from gan_zoo.components.watching import Job

for _name in (
    "torchvision.transforms.v2",
    "gan_zoo.ablation.making",
    "gan_zoo.evaluation.scores",
    "gan_zoo.training.run",
    "gan_zoo_data.folders.paired_folder",
    "gan_zoo_discriminators.patch",
    "gan_zoo_generators.unet",
    "gan_zoo_losses.adversarial",
    "gan_zoo_losses.reconstruction",
    "gan_zoo_methods.paired",
    "gan_zoo_metrics",
):
    importlib.import_module(_name)

queue.POLL, queue.LOOK = 0.02, 0.2


class Forks:
    """An executor whose children are forks, and its spec at once.

    Args:
        room: Bytes that each may have beside those that it has at its start.
    """

    def __init__(self, room: int | None) -> None:
        self.room = room

    name = "forks"
    places: Sequence[str] = ("cpu:0", "cpu:1")

    def missing(self) -> list[str]:
        """Nothing."""
        return []

    def build(self, *, device: str, jobs: int | None) -> Forks:
        """Itself."""
        return self

    def submit(self, job: Job) -> str:
        """A fork that makes the run."""
        child = os.fork()
        if not child:
            os.setsid()
            log = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.environ.update(job.environment)
            if self.room is not None:
                pages = int(Path("/proc/self/statm").read_text().split()[0])
                most = pages * resource.getpagesize() + self.room
                resource.setrlimit(resource.RLIMIT_AS, (most, most))
            end(lambda: run_one(AblationFolder.open(job.folder), job.command[-1]), log)
        return json.dumps([child, process_start(child)])

    def state(self, handle: str) -> str:
        """Buries who is ours and has ended."""
        child, started = json.loads(handle)
        with suppress(ChildProcessError):  # of a parent before
            os.waitpid(child, os.WNOHANG)
        return "running" if started and process_start(child) == started else "ended"

    def cancel(self, handle: str) -> None:
        """SIGTERM."""
        os.kill(json.loads(handle)[0], signal.SIGTERM)


def end(work: Any, out: int) -> None:
    """Work in this fork, and end with it."""
    os.dup2(out, 1)
    os.dup2(out, 2)
    code = 70
    try:
        code = work()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def start_parent(folder: AblationFolder, room: int | None) -> int:
    """All runs, in a fork."""
    parent = os.fork()
    if not parent:
        executor: Any = Forks(room)
        log = os.open(folder.path / "parent.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        end(lambda: run_all(folder, executor=executor).exit_code, log)
    return parent


def kill_child(folder: AblationFolder) -> int:
    """One that holds a run, as soon as there is one; how many were killed."""
    while left := [key for key in folder.plan().runs if not folder.is_done(key)]:
        held = map(living, map(folder.claim, left))
        alive = [owner for owner in held if owner is not None and owner.place != REAPER]
        if alive:
            os.kill(random.choice(alive).process.pid, signal.SIGKILL)
            return 1
        time.sleep(0.01)
    return 0


def play(folder: AblationFolder, told: Any) -> tuple[int, int]:
    """Make the ablation though some are killed; the exit code of the last parent, and how many
    children were killed.
    """
    parent, killed = start_parent(folder, told["room"]), 0
    for seconds, whom in told["kills"]:
        time.sleep(seconds)
        if whom != "parent":
            killed += kill_child(folder)
        if whom != "child":
            os.kill(parent, signal.SIGKILL)
            os.waitpid(parent, 0)
            parent = start_parent(folder, told["room"])
    return os.waitstatus_to_exitcode(os.waitpid(parent, 0)[1]), killed


for line in sys.stdin:
    told = json.loads(line)
    random.seed(told["seed"])
    began = time.monotonic()
    code, killed = play(AblationFolder.open(told["folder"]), told)
    print(json.dumps([code, time.monotonic() - began, killed]), flush=True)
