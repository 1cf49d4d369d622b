"""What holds for executors: short commands are really executed, in a folder that goes again."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gan_zoo.components.watching import Executor, ExecutorSpec, Job
from gan_zoo.errors import UserError
from gan_zoo.testing.subject import Advice, NotAtHand, Subject, check, trying

SECONDS = 120.0  # the most that a command of these may take until it has ended, waiting included
STATES = ("waiting", "running", "ended")
UNKNOWN = ("", "0", "nobody", '{"pid": 1, "started": "never"}')  # handles that nobody gave

# The last number says whether the variable was there before Python started.
SPEAK = "import os, sys; print('said', os.environ['KIT'], sys.flags.hash_randomization, flush=True)"
COMPLAIN = "import sys; print('complained', file=sys.stderr); sys.exit(3)"
SAVE = """
import signal, sys, time
def save(number, frame):
    print("saved", flush=True)
    sys.exit(1)
signal.signal(signal.SIGTERM, save)
print("began", flush=True)
time.sleep(600)
"""


@contextmanager
def executing(subject: Subject) -> Iterator[tuple[Executor, Callable[[str], Job]]]:
    """The example's executor on CPUs, and what makes a job of a program in Python."""
    spec: ExecutorSpec = subject.ready()
    try:
        executor = spec.build(device="cpu", jobs=1)
    except UserError as problem:
        raise NotAtHand(f"{subject} executes nothing on CPUs here: {problem}") from None
    with tempfile.TemporaryDirectory(prefix="gan-zoo-kit-") as name:
        folder = Path(name)

        def job(program: str) -> Job:
            return Job(
                name="kit",
                command=(sys.executable, "-c", program),
                folder=folder,
                log=folder / "kit.log",
                place=executor.places[0],
                device="cpu",
                threads=1,
                environment={"KIT": "two words", "PYTHONHASHSEED": "0"},
            )

        yield executor, job


def wait_for(holds: Callable[[], bool], done: str, expected: str, log: Path) -> None:
    """Ask again until it holds.

    Raises:
        Advice: it does not, for two minutes.
    """
    end = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > end:
            raise Advice(
                done,
                came=f"nothing of it for {SECONDS:.0f} s; the log has {_text(log)!r}",
                expected=expected,
                cure="see what submit() hands on, and where its output goes",
            )
        time.sleep(0.05)


def run_to_its_end(executor: Executor, job: Job, done: str) -> str:
    """Submit a job, and wait for its end; returns the handle."""
    handle = executor.submit(job)
    wait_for(lambda: _state(executor, handle) == "ended", done, "the state ended, at last", job.log)
    return handle


def _state(executor: Executor, handle: str) -> str:
    state = executor.state(handle)
    if state not in STATES:
        raise Advice(
            "asked for the state of a command",
            came=repr(state),
            expected=f"one of {', '.join(STATES)}",
            cure="call whatever is not known any more ended",
        )
    return state


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8") if log.exists() else ""


@check("executor")
def places_are_as_many_as_jobs_allow(subject: Subject) -> None:
    """It has places, each of another name, and no more than are asked for."""
    spec: ExecutorSpec = subject.ready()
    done = "built it for CPUs with jobs 1 and 3"
    with trying(done, expected="an executor, or a UserError", cure="see the traceback"):
        try:
            made = {jobs: list(spec.build(device="cpu", jobs=jobs).places) for jobs in (1, 3)}
        except UserError as problem:
            raise NotAtHand(f"{subject} executes nothing on CPUs here: {problem}") from None
    for jobs, places in made.items():
        named = all(isinstance(place, str) and place for place in places)
        if not named or not 1 <= len(set(places)) == len(places) <= jobs:
            raise Advice(
                done,
                came=f"the places {places} for jobs {jobs}",
                expected="one or more texts, all different, and no more than jobs",
                cure="name as many places as commands may run at once: places[:jobs]",
            )


@check("executor")
def a_command_is_executed(subject: Subject) -> None:
    """With its variables, set before Python starts; what it prints goes behind what the log has."""
    done = "executed python -c with variables, then one that fails, both with one log"
    with (
        executing(subject) as (executor, job),
        trying(done, expected="two commands that end", cure="see the traceback"),
    ):
        handles = [run_to_its_end(executor, job(program), done) for program in (SPEAK, COMPLAIN)]
        log = job("").log
        # A file system that several machines see may show what was written a moment later.
        whole = ("said two words 0", "complained")
        wait_for(
            lambda: all(line in _text(log).splitlines() for line in whole),
            done,
            f"a log with the lines {' and '.join(whole)}: variables reach the command as they are "
            "before Python starts (PYTHONHASHSEED is one that counts only then), the log takes "
            "stdout and stderr, and the second command leaves what is in it",
            log,
        )
        if not all(isinstance(handle, str) for handle in handles) or handles[0] == handles[1]:
            raise Advice(
                done,
                came=f"the handles {handles[0]!r} and {handles[1]!r}",
                expected="two texts, which a file can hold",
                cure="return what tells a command from every other",
            )


@check("executor")
def a_handle_is_enough(subject: Subject) -> None:
    """An executor that was built anew asks for a command, and cancels it: it saves and ends."""
    done = "submitted a command that sleeps, and built the executor anew to ask for it"
    with executing(subject) as (first, job), executing(subject) as (second, _):
        sleeper = job(SAVE)
        with trying(done, expected="a state", cure="keep in the handle all that is asked with"):
            handle = first.submit(sleeper)
            wait_for(
                lambda: "began" in _text(sleeper.log), done, "a command that begins", sleeper.log
            )
            wait_for(
                lambda: _state(second, handle) == "running", done, "the state running", sleeper.log
            )
        done = f"{done}, then to cancel it"
        with trying(done, expected="SIGTERM for the command", cure="see the traceback"):
            second.cancel(handle)
            wait_for(
                lambda: "saved" in _text(sleeper.log),
                done,
                "a command that hears SIGTERM, and has time to save",
                sleeper.log,
            )
            for executor in (first, second):
                wait_for(
                    lambda executor=executor: _state(executor, handle) == "ended",  # type: ignore[misc]
                    done,
                    "the state ended",
                    sleeper.log,
                )
            second.cancel(handle)  # once more does nothing


@check("executor")
def what_is_not_known_has_ended(subject: Subject) -> None:
    """A handle that means nothing is that of a command at its end; cancelling it does nothing."""
    with executing(subject) as (executor, _):
        for handle in UNKNOWN:
            done = f"asked for the handle {handle!r}, which it never gave, and cancelled it"
            with trying(
                done,
                expected="the state ended",
                cure="a queue forgets what is over, so nothing that is unknown is an error",
            ):
                state = _state(executor, handle)
                executor.cancel(handle)
            if state != "ended":
                raise Advice(
                    done,
                    came=state,
                    expected="ended",
                    cure="a queue forgets what is over, so call all that it does not know ended",
                )
