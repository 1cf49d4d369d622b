"""The menu: what the file of an ablation may say of jobs."""

from __future__ import annotations

import shutil
from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveInt, Strict

from gan_zoo.components import Executor, ExecutorSpec, UserError

PROGRAMS = ("sbatch", "srun", "squeue", "scancel", "scontrol")
Lines = Annotated[tuple[str, ...], Strict(False)]  # YAML knows lists only


class SubmititSpec(ExecutorSpec, name="submitit"):
    """Jobs of a Slurm cluster, by submitit: one a run, which is saved and queued again when its
    time is up.
    """

    jobs: PositiveInt | None = None
    """Jobs in the queue at once, waiting ones included; 100 if null. `--jobs` is asked first."""
    partition: str | None = None
    """Where they are queued; the cluster's default if null."""
    minutes: PositiveInt = 240
    """Time limit of a job. A run that needs more is saved two minutes before, and goes on when the
    job's turn comes again."""
    cpus: PositiveInt | None = None
    """Processors a job; as many as the run has threads if null, the cluster's default on GPUs."""
    memory: PositiveInt | None = None
    """GiB a job; the cluster's default if null."""
    gpus: NonNegativeInt | None = None
    """GPUs a job; one on cuda and none elsewhere if null."""
    extra: dict[str, str | int | bool] = Field(
        {}, examples=[{"account": "vision", "exclusive": True}]
    )
    """Further words of sbatch by their long names, as `account: vision`; true for one without a
    value."""
    setup: Lines = Field((), examples=[("module load cuda",)])
    """Lines of shell before the run, as `module load cuda`."""

    def missing(self) -> list[str]:
        """Slurm's programs."""
        absent = [name for name in PROGRAMS if shutil.which(name) is None]
        told = (
            f"there is no {', '.join(absent)} here; start the ablation where jobs are submitted, "
            "or `gan-zoo ablate FOLDER --join --executor local` in jobs of your own"
        )
        return [told] if absent else []

    def build(self, *, device: str, jobs: int | None) -> Executor:
        """A queue for jobs that are all alike."""
        if missing := self.missing():
            raise UserError(f"executor: {missing[0]}")
        from gan_zoo_slurm.queue import Queue

        gpus = self.gpus if self.gpus is not None else int(device == "cuda")
        words = {
            "partition": self.partition,
            "time": self.minutes,
            "cpus_per_task": self.cpus,
            "mem": f"{self.memory}GB" if self.memory else None,
            "gpus_per_node": gpus or None,
            "setup": list(self.setup) or None,
            "additional_parameters": dict(self.extra) or None,
        }
        return Queue(
            {word: value for word, value in words.items() if value is not None},
            count=jobs or self.jobs or 100,
        )
