"""Commands as processes of this machine, which outlive who starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import Literal

from gan_zoo.components import Job, UserError, process_start
from gan_zoo_executors.places import Places


class Local:
    """Processes of this machine. A handle says which one: its number, and when it started, since
    numbers are given again.

    Args:
        places: Name of a place -> variables that hold a process there.
    """

    def __init__(self, places: Places) -> None:
        self.places = tuple(places)
        self._variables = places
        self._children: dict[str, subprocess.Popen[bytes]] = {}  # of this process, to be buried

    def submit(self, job: Job) -> str:
        """Start a process in a session of its own: neither the end of this one nor Ctrl-C in its
        terminal reaches it.

        Raises:
            UserError: the program cannot be started, or the log not be written.
        """
        try:
            with job.log.open("ab") as log:
                child = subprocess.Popen(
                    job.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **job.environment, **self._variables[job.place]},
                    start_new_session=True,
                )
        except OSError as problem:
            raise UserError(f"{job.name} cannot be started: {problem}") from None
        handle = json.dumps({"pid": child.pid, "started": process_start(child.pid)})
        self._children[handle] = child
        return handle

    def state(self, handle: str) -> Literal["running", "ended"]:
        """Whether the process lives; those that this one started are buried."""
        if child := self._children.get(handle):
            if child.poll() is None:
                return "running"
            del self._children[handle]
        return "ended" if _living(handle) is None else "running"

    def cancel(self, handle: str) -> None:
        """SIGTERM for the process alone: a run hears it, saves, and sends its workers home itself.

        Raises:
            UserError: it is somebody else's.
        """
        if (pid := _living(handle)) is None:
            return
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:  # it has ended by itself
            return
        except PermissionError:
            raise UserError(f"process {pid} is another user's; ask them to end it") from None


def _living(handle: str) -> int | None:
    """The number of the process, where it is the one that was started."""
    try:
        told = json.loads(handle)
        pid, started = int(told["pid"]), told["started"]
    except (ValueError, TypeError, KeyError):
        return None
    return pid if started is not None and process_start(pid) == started else None
