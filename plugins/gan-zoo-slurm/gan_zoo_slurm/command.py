"""What a job does: it executes one command. Submitit pickles this object, which is words alone."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from submitit.core.job_environment import JobEnvironment
from submitit.core.utils import DelayedSubmission


@dataclass
class Command:
    """A command, which is stopped and queued again when the job's time is up: submitit asks what it
    pickled for `checkpoint`, which its own CommandFunction lacks.

    Args:
        words: What is executed.
        log: The file that takes what it prints, behind what is in it.
        environment: Variables, over those of the job.
        pid: Of its process, once it has one.
    """

    words: tuple[str, ...]
    log: str
    environment: Mapping[str, str]
    pid: int = 0

    def __call__(self) -> int:
        """Execute it; returns its exit code, and raises for none: the ablation's folder tells what
        came of it.
        """
        with open(self.log, "ab") as log:
            child = subprocess.Popen(
                self.words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                preexec_fn=_ignore_warning,
            )
        self.pid = child.pid
        return child.wait()

    def checkpoint(self) -> DelayedSubmission | None:
        """Stop it, and wait until it has saved. Submitit calls this in its signal handler, that is
        on top of `wait`, whose lock must be left alone.

        Returns:
            What the job does when it comes again; None where it has ended by itself.
        """
        again = DelayedSubmission(Command(self.words, self.log, self.environment))
        if not self.pid:
            return again
        if self._exit(os.WNOHANG) is not None:
            return None
        os.kill(self.pid, signal.SIGTERM)
        return None if self._exit(0) == 0 else again  # 0: it was at its end

    def _exit(self, flags: int) -> int | None:
        """Its exit code, which stays to be asked for; None while it lives, if flags let it."""
        try:
            told = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | flags)
        except ChildProcessError:  # `wait` has asked for it
            return 0
        return None if told is None else told.si_status


def _ignore_warning() -> None:
    """Slurm warns every process of the job that its time is nearly up, and most die of the signal.
    This one is told by SIGTERM.
    """
    signal.signal(JobEnvironment._usr_sig(), signal.SIG_IGN)
