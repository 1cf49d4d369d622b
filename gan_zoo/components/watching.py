"""Watching: metrics score pictures, callbacks follow a run, executors say where runs are made."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from pydantic import PositiveInt

from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Spec

if TYPE_CHECKING:
    from gan_zoo.components.measuring import Metric, MetricContext


class MetricSpec(Spec, kind="metric"):
    """Generated and real 8-bit pictures -> numbers, with the protocol that makes them
    comparable.
    """

    lower_is_better: ClassVar[bool] = True
    ideal: ClassVar[float | None] = None  # the best value, where neither lower nor higher is better
    fields: ClassVar[tuple[str, ...]] = ()  # names of its numbers, where there are several
    of_sets: ClassVar[bool] = False  # scores all pictures together; no single one has a value
    compares: ClassVar[bool] = True  # outputs with their targets, else outputs among themselves
    unasked: ClassVar[bool] = False  # scored where nobody names metrics
    protocol: ClassVar[str] = ""
    files: ClassVar[tuple[str, ...]] = ()  # options that say where a file lies; its content counts
    version: ClassVar[int] = 1  # one more where the same options now give other numbers

    def asks(self) -> tuple[str, ...]:
        """The maps of a sample that it reads beside the target."""
        return ()

    def check(self, maps: Mapping[str, Image]) -> None:
        """Refuse data that it cannot score.

        Args:
            maps: Those of a sample, all that it asks for among them.

        Raises:
            ContractError: says the cure.
        """

    def require(self, count: int) -> None:
        """Refuse so few pictures, of a score of sets: called before a run begins, and before an
        evaluation.

        Raises:
            UserError: says the cure.
        """

    def fetch(self) -> None:
        """Fetch what `missing` tells of and a network has, as published weights: called only where
        the user asks for it (`gan-zoo evaluate --fetch`).

        Raises:
            UserError: it could not be fetched.
        """

    @abstractmethod
    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator. What takes long, as training a judge, is kept in `at.cache`: a run
        builds every metric once before its first step.
        """

    def names(self, name: str) -> tuple[str, ...]:
        """METRIC, or METRIC.FIELD of each of its numbers, where a recipe calls it `name`."""
        return tuple(f"{name}.{field}" for field in self.fields) or (name,)

    def is_better(self, value: float, than: float) -> bool:
        """Whether one score is better than another."""
        return is_better(value, than, lower=self.lower_is_better, ideal=self.ideal)


def is_better(value: float, than: float, *, lower: bool, ideal: float | None = None) -> bool:
    """Whether one score is better than another: lower, or higher, or nearer to an ideal."""
    if ideal is not None:
        return abs(value - ideal) < abs(than - ideal)
    return value < than if lower else value > than


class CallbackSpec(Spec, kind="callback"):
    """Watches a run through the lifecycle hooks of gan_zoo.components.lifecycle."""

    keeps: ClassVar[str] = ""  # the name under weights/ of networks of its own, if it has any

    def splits(self) -> tuple[str, ...]:
        """The splits of the data that it will read; they are checked before the first step."""
        return ()

    def disk(self, row: Sequence[Image], looks: int) -> int:
        """The most bytes that its files take in a phase, for `check`; 0 where it writes none.

        Args:
            row: The maps that a picture is made of, the target, the picture.
            looks: Epochs of the phase.
        """
        return 0

    @abstractmethod
    def build(self) -> object:
        """An object with hook implementations, registered for one run only.

        One that remembers has two methods more: `state()` gives nested mappings of tensors and
        plain numbers, which checkpoints keep, and `restore(state)` takes them back before the run
        goes on. One that keeps weights has `networks`, by name. One that looks at pictures at times
        of its own has `wants_look(run)`, asked after every step: `on_look` then comes.
        """


@dataclass(frozen=True)
class Job:
    """A command of gan-zoo that makes one run.

    Args:
        name: Of the run, as people see it in a queue.
        command: What is executed, word by word, in the working directory of who submits it; it
            needs no shell.
        folder: Of the ablation; seen by whoever executes.
        log: The file that takes what the command prints, behind what is in it.
        place: Where it goes, one of the executor's `places`.
        device: cpu, cuda or mps.
        threads: Of the process, on CPUs, for who reserves cores; None elsewhere. `environment` has
            them already.
        environment: All variables that must be set before Python starts, over those of who submits
            it. Only what tells the process its device (CUDA_VISIBLE_DEVICES) is the executor's.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    log: Path
    place: str
    device: str
    threads: int | None
    environment: Mapping[str, str]


class Executor(Protocol):
    """Where commands are executed. It hands commands on and asks after them; what they did is read
    in the folder.
    """

    @property
    def places(self) -> Sequence[str]:
        """Names of where a command can be at a time; as many run at once. A device has one name,
        as `cuda:GPU-3f2c1d5e`, for all who may see it: no two put runs there at once.
        """
        ...

    def submit(self, job: Job) -> str:
        """Start a command, or have it started. It goes on when the process that submits it is gone.

        Returns:
            A handle, with which another process can ask for it.

        Raises:
            UserError: nobody takes it; says the cure.
        """
        ...

    def state(self, handle: str) -> Literal["waiting", "running", "ended"]:
        """How far a command is. Whatever is not known any more has ended."""
        ...

    def cancel(self, handle: str) -> None:
        """Ask a command to save and end, as SIGTERM does, and do not wait for it."""
        ...


class ExecutorSpec(Spec, kind="executor"):
    """Where the runs of an ablation are made. No part of a run's key: numbers do not depend on it
    but by the device. It stands in the file of an ablation, and in no recipe.
    """

    here: ClassVar[bool] = False  # whether its commands share this machine's cores and memory

    jobs: PositiveInt | None = None
    """Runs at once, at most; as many as there are places for if null. `--jobs` is asked first."""

    @abstractmethod
    def build(self, *, device: str, jobs: int | None) -> Executor:
        """What executes.

        Args:
            device: cpu, cuda or mps.
            jobs: How many at once, at most; what the option says if None.

        Raises:
            UserError: it cannot work here; says the cure.
        """
