"""Ablations whose runs sleep instead of training, as processes that can be killed.

    python queueing.py child FOLDER KEY             one run
    python queueing.py parent FOLDER JOBS [join]    all runs

Behavior of a run is in behavior.json: KEY -> `seconds` in steps of 0.05 and what befalls it in its
tries, one after the other: the name of an exception below, or `kill`. A `deaf` one does not hear
SIGTERM. Each step is a line of RUN/steps.txt, of which a run that goes on keeps what was there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_zoo.ablation.attempts import read_attempts
from gan_zoo.ablation.claims import process_start
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan, PlannedRun, PlannedVariant
from gan_zoo.ablation.results import Costs, Result
from gan_zoo.ablation.runner import Outcome, run_all
from gan_zoo.components.watching import Job
from gan_zoo.errors import ContractError, DataError, UserError
from gan_zoo.evaluation.score_files import Score, Scores
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import BeingTrainedError

STEP = 0.05


class NonFinite(Exception):
    """By its name it is the zoo's."""


class OutOfMemoryError(RuntimeError):
    """By its name it is torch's."""


FAULTS: Mapping[str, BaseException] = {
    "contract": ContractError("depth 9 needs 512 pixels\nand there are 64"),
    "user": UserError("no such option"),
    "locked": BeingTrainedError("runs/a/seed-0 is being trained by another process"),
    "data": DataError("train/03.png is cut short"),
    "memory": MemoryError(),
    "allocator": RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ..."),
    "device": OutOfMemoryError("CUDA has none left"),
    "not_finite": NonFinite("G_L1 became nan at step 3"),
    "stopped": KeyboardInterrupt(),
    "other": ZeroDivisionError("division by zero"),
}


def make_folder(
    path: Path,
    variants: int = 2,
    seeds: int = 2,
    behavior: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> AblationFolder:
    """A planned ablation; keys are `VARIANT-SEED` of variants a, b, c and so on."""
    names = [chr(ord("a") + n) for n in range(variants)]
    planned = {name: PlannedVariant({}, (), 1, 1, 1, 10) for name in names}
    runs = {
        f"{name}-{seed}": PlannedRun(name, seed, f"runs/{name}/seed-{seed}")
        for seed in range(seeds)
        for name in names
    }
    folder = AblationFolder(path)
    where: dict[str, Any] = {"device": device, "threads": 1 if device == "cpu" else None}
    about = {"name": "sleepers", "about": "Who sleeps longest", "reference": "a"}
    folder.write_plan(
        Plan(**about, **where, seeds=tuple(range(seeds)), variants=planned, runs=runs)
    )
    (path / "behavior.json").write_text(json.dumps(behavior or {}))
    return folder


def sleep_run(folder: AblationFolder, key: str, reporter: Reporter) -> None:
    """What takes the place of making.make_run."""
    run = folder.run(key)
    run.mkdir(parents=True, exist_ok=True)
    told = json.loads((folder.path / "behavior.json").read_text()).get(key, {})
    if told.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tries = len(list(run.glob("try-*")))
    (run / f"try-{tries}").touch()
    steps = run / "steps.txt"
    done = len(steps.read_text().splitlines()) if steps.exists() else 0
    for step in range(done, max(1, round(told.get("seconds", 0) / STEP))):
        time.sleep(STEP)
        with steps.open("a") as file:
            file.write(f"{step}\n")
    fault = dict(enumerate(told.get("faults", ()))).get(tries)
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault is not None:
        raise FAULTS[fault]
    folder.write_result(some_result(folder, key))


def some_result(folder: AblationFolder, key: str) -> Result:
    """Scores that depend on the key alone."""
    run, score = folder.plan().runs[key], Score(len(key) / 10, True, {"metric": "l1"}, values=())
    place = ("main", 3, "latest", "test", "", "as it is", "2 pairs", "ab", (), None)
    return Result(key, run.variant, run.seed, Scores(*place, {"l1": score}), Costs(1.0))


class Sleepers:
    """An executor on this machine, and its spec at once. Its children are this file's.

    Args:
        places: How many.
        before: Python that a child executes first.
    """

    name = "sleepers"

    def __init__(self, places: int, before: str = "") -> None:
        self.places: Sequence[str] = [f"cpu:{n}" for n in range(places)]
        self.before = before
        self.jobs: list[Job] = []
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def missing(self) -> list[str]:
        """Nothing."""
        return []

    def build(self, *, device: str, jobs: int | None) -> Sleepers:
        """Itself."""
        return self

    def submit(self, job: Job) -> str:
        """Start a child."""
        self.jobs.append(job)
        key = job.command[-1]
        start = f"import sys; sys.argv = {['', 'child', str(job.folder), key]!r}\n"
        run = f"import runpy; runpy.run_path({__file__!r}, run_name='__main__')"
        environment = {**os.environ, **job.environment}
        with job.log.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-c", f"{self.before}\n{start}{run}"],
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        handle = json.dumps([child.pid, process_start(child.pid)])
        self._children[handle] = child
        return handle

    def state(self, handle: str) -> str:
        """By the system's word."""
        if handle in self._children:
            return "running" if self._children[handle].poll() is None else "ended"
        pid, started = json.loads(handle)
        return "running" if started and process_start(pid) == started else "ended"

    def cancel(self, handle: str) -> None:
        """SIGTERM."""
        if self.state(handle) == "running":
            os.kill(json.loads(handle)[0], signal.SIGTERM)


class Said(Reporter):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """One line."""
        self.lines.append(text)


def run_quickly(folder: AblationFolder, executor: Any, **more: Any) -> tuple[Outcome, list[str]]:
    """What comes of all runs, and what is said meanwhile; with the fixture `impatient`."""
    said = Said()
    return run_all(folder, executor=executor, reporter=said, **more), said.lines


def causes(folder: AblationFolder, key: str) -> list[str | None]:
    """How the tries of a run ended."""
    return [one.cause for one in read_attempts(folder.attempts(key))]


def parent(folder: AblationFolder, jobs: int, *more: str) -> subprocess.Popen[str]:
    """All runs, in a process."""
    return subprocess.Popen(
        [sys.executable, __file__, "parent", str(folder.path), str(jobs), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_until(holds: Callable[[], object], seconds: float = 20.0) -> None:
    """Until something holds; it must in this time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def main() -> None:
    """The two commands."""
    from gan_zoo.ablation import queue
    from gan_zoo.ablation.one import run_one

    what, path, *rest = sys.argv[1:]
    folder = AblationFolder.open(path)
    if what == "child":
        sys.exit(run_one(folder, rest[0], make=sleep_run))
    queue.POLL, queue.LOOK = 0.05, 0.5
    executor: Any = Sleepers(int(rest[0]))
    sys.exit(run_all(folder, executor=executor, join="join" in rest).exit_code)


if __name__ == "__main__":
    main()
