"""Runs gan-zoo in forks of one process that has torch imported, so that being killed is cheap.

Reads one JSON object a line: `arguments` of the command line, `told` (a file for what it says),
and where it dies: `kill_at` (before the n-th file operation inside `folder`, by SIGKILL), `full_at`
(from the n-th write on there is no room on the disk), `signal_at` (SIGTERM at the n-th operation).
Answers with the exit code, below zero for a signal.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from typing import Any

import torchvision.transforms.v2  # noqa: F401

import gan_zoo.cli
import gan_zoo.engine.run
import gan_zoo_callbacks.previews
import gan_zoo_data.paired_folder
import gan_zoo_discriminators.patch
import gan_zoo_generators.unet
import gan_zoo_losses.adversarial
import gan_zoo_losses.reconstruction
import gan_zoo_methods.paired  # noqa: F401

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}


def fail(job: dict[str, Any]) -> None:
    """From here on, the job's accidents happen to this process."""
    me, count = os.getpid(), 0

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][0] in "wax"
        if not (writes or event in CHANGES) or os.getpid() != me:
            return
        if job["folder"] not in str(arguments[0]):
            return
        count += 1
        if count == job.get("kill_at"):
            os.kill(me, signal.SIGKILL)
        if count == job.get("signal_at"):
            os.kill(me, signal.SIGTERM)
        if writes and ".tmp" in str(arguments[0]) and count >= job.get("full_at", count + 1):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(hear)


def play(job: dict[str, Any]) -> None:
    """The child: becomes the program."""
    out = os.open(job["told"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv = ["gan-zoo", *job["arguments"]]
    fail(job)
    code: Any = 1
    try:
        code = gan_zoo.cli.main() or 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if child == 0:
        play(job)
    if "kill_after" in job:
        import time

        time.sleep(job["kill_after"])
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
