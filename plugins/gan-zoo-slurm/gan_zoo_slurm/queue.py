"""Commands as jobs of a cluster, which are told apart by their number there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from typing import Any, Literal

from submitit import SlurmExecutor
from submitit.core.utils import FailedJobError, FailedSubmissionError
from submitit.helpers import clean_env

from gan_zoo.components import Job, UserError
from gan_zoo_slurm.command import Command

FOLDER = "slurm"  # in the ablation's: what submitit writes, and its own log of every job
TO_SAVE = 120  # seconds from the warning to the end of a job's time
TIMEOUTS = 100  # how often a job comes again at most, so that none without progress does for ever
ASK_AGAIN = 5.0  # seconds for which what squeue said is taken for true: it serves a whole cluster
WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT")
SAID = ("sbatch: ", "srun: ")

State = Literal["waiting", "running", "ended"]


class Queue:
    """A queue of jobs that are all alike. A handle is the job's number, and squeue alone is asked:
    not every cluster keeps the accounts that sacct reads.

    Args:
        words: What submitit writes for sbatch into every job.
        count: Jobs in the queue at once.
    """

    def __init__(self, words: Mapping[str, Any], *, count: int) -> None:
        self.places = tuple(f"slurm:{number}" for number in range(count))
        self.words = dict(words)
        self._listed: dict[str, State] | None = None  # until squeue has answered
        self._asked = float("-inf")

    def submit(self, job: Job) -> str:
        """Queue a job.

        Raises:
            UserError: sbatch refuses it, and says why.
        """
        words = {"cpus_per_task": job.threads, **self.words}
        if cpus := words["cpus_per_task"]:  # srun takes it over from sbatch no more since 22.05
            words["srun_args"] = [f"--cpus-per-task={cpus}"]
        command = Command(job.command, str(job.log), dict(job.environment))
        try:
            # A parent that is itself a job hands none of its own numbers on.
            with clean_env():
                executor = SlurmExecutor(job.folder / FOLDER, max_num_timeout=TIMEOUTS)
                executor.update_parameters(
                    job_name=job.name,
                    signal_delay_s=TO_SAVE,
                    stderr_to_stdout=True,
                    **{word: value for word, value in words.items() if value is not None},
                )
                queued = executor.submit(command)
        except (FailedJobError, FailedSubmissionError, OSError) as problem:
            raise UserError(f"Slurm does not take {job.name}: {_reason(problem)}") from None
        self._listed = {**(self._listed or {}), queued.job_id: "waiting"}
        self._asked = float("-inf")
        return queued.job_id

    def state(self, handle: str) -> State:
        """What the queue says; a job that is not in it has ended."""
        if time.monotonic() - self._asked > ASK_AGAIN:
            self._ask()
        return "waiting" if self._listed is None else self._listed.get(handle, "ended")

    def cancel(self, handle: str) -> None:
        """Take a job that waits out of the queue, and send one that runs SIGTERM, which leaves it
        the rest of its time to save; a plain scancel would kill it half a minute later.

        Raises:
            UserError: scancel refuses, and says why.
        """
        self._asked = float("-inf")
        state = self.state(handle)
        if state == "ended":
            return
        command = ["scancel", *["--signal=TERM"][: state == "running"], handle]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self._asked = float("-inf")
        if done.returncode and self.state(handle) != "ended":
            raise UserError(f"job {handle} cannot be cancelled: {done.stderr.strip()}")

    def _ask(self) -> None:
        """One question for all jobs. Where nobody answers, as while the controller starts anew,
        what was last known holds: a job that goes on must not be taken for one that has ended.
        """
        command = ["squeue", "--noheader", "--me", "--format=%i %T"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self._asked = time.monotonic()
        if done.returncode == 0:
            rows = [line.split() for line in done.stdout.splitlines() if line.strip()]
            self._listed = {row[0]: "waiting" if row[-1] in WAITING else "running" for row in rows}


def _reason(problem: Exception) -> str:
    """What sbatch said, without the traceback that submitit puts around it."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(SAID)]
    return (said or lines or [type(problem).__name__])[-1]
