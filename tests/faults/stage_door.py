"""Runs gan-zoo in forks of one process that has torch imported, so that being killed is cheap.

Reads one JSON object a line: `arguments` of the command line, `told` (a file for what it says),
and what befalls it, counted in file operations inside `folder`: `kill_at` (SIGKILL before the
n-th), `signal_at` (SIGTERM), `full_at` (no room on the disk from there on), or
`kill_after` in seconds. Answers with the exit code, below zero for a signal.

With `errors`, a file for what it says there, it is a program for others to send signals to: it
leads a session of its own, the first answer is its number, and it ends as any program does, waiting
for its threads. `before` is Python that it executes first.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import signal
import sys
import time
from typing import Any

import gan_zoo.cli

for _name in (
    "torchvision.transforms.v2",
    "gan_zoo.training.run",
    "gan_zoo_callbacks.previews",
    "gan_zoo_data.folders.paired_folder",
    "gan_zoo_discriminators.patch",
    "gan_zoo_generators.unet",
    "gan_zoo_losses.adversarial",
    "gan_zoo_losses.reconstruction",
    "gan_zoo_methods.paired",
):
    importlib.import_module(_name)

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
    for number, file in ((1, job["told"]), (2, job.get("errors", job["told"]))):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.argv = ["gan-zoo", *job["arguments"]]
    if "errors" in job:
        exec(job.get("before", ""), {})
        sys.exit(gan_zoo.cli.main())
    fail(job)
    code: Any = 1
    try:
        gan_zoo.cli.main()
        code = 0
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
        if "errors" in job:
            os.setsid()
        play(job)
    if "errors" in job:
        print(child, flush=True)
    if "kill_after" in job:
        time.sleep(job["kill_after"])
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
