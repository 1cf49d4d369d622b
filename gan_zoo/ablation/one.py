"""One run of an ablation, in a process of its own: what `gan-zoo ablate FOLDER --one KEY` does.
Torch comes with the run.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gan_zoo.ablation.attempts import (
    REAPER,
    STOPPED,
    Attempt,
    bury,
    lacks_memory,
    note_attempt,
    read_attempts,
    utc,
)
from gan_zoo.ablation.claims import STALE, Claim, Process, living, take
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.results import Result
from gan_zoo.errors import first_line
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import BeingTrainedError
from gan_zoo.runs.process import SET, THREADS

CHILD = "GAN_ZOO_ABLATION_CHILD"  # the variable by which a parent tells where it put a child
ASK = 5.0  # seconds between two tries of a run that another process still trains
SIGNALS = (signal.SIGINT, signal.SIGTERM)

# By name, from the class itself up to its bases: to import them would load torch.
CAUSES = {
    "Interrupted": STOPPED,
    "KeyboardInterrupt": STOPPED,
    "NonFinite": "not_finite",
    "MemoryError": "memory",
    "OutOfMemoryError": "memory",
    "BeingTrainedError": "lost",
    "DataError": "data",
    "ContractError": "contract",
    "UserError": "contract",
}

Maker = Callable[[AblationFolder, str, Reporter], object]


def run_one(
    folder: AblationFolder,
    key: str,
    *,
    make: Maker | None = None,
    reporter: Reporter | None = None,
) -> int:
    """Make a run, or go on with it, and score it; who holds it and how it ended lies in the folder.
    Nothing is done where it is done, or somebody alive is at it.

    Args:
        folder: The ablation's.
        key: Of the run.
        make: What trains and scores it, and writes its scores; the zoo's own if None.
        reporter: Where it is told.

    Returns:
        The exit code: 0, or 1 where the run failed or was stopped.

    Raises:
        UserError: no run has this key.
        OSError: the ablation's folder cannot be written.
    """
    reporter = reporter or Reporter()
    plan, where = folder.plan(), folder.run(key)
    if folder.is_done(key):
        reporter.say(f"{where} is done")
        return 0
    place, parent = _told_by_parent(plan.device)
    while (claim := take(folder.claim(key), place=place, parent=parent)) is None:
        holder = living(folder.claim(key))
        if holder is not None and holder.place != REAPER:
            told = f"process {holder.process.pid} on {holder.host}"
            reporter.say(f"{where} is being made by {told}")
            return 0
        time.sleep(0.1)  # it is noted how the one before ended, or it was released just now
    with claim.held():
        bury(folder, key, claim.before)
        if folder.is_done(key):  # whoever held it before was killed between its scores and its end
            return 0
        if key not in folder.plan().runs:
            reporter.say(f"{where} is not asked for any more")
            return 0
        with _heard():
            cause, last = _try(_Held(folder, claim), key, make, reporter, place)
            code = 0 if cause is None else 1
            claim.insist()
            ended = Attempt.of(claim.owner, plan.threads, cause, last, code)
            note_attempt(folder.attempts(key), ended)
    return code


class _Held(AblationFolder):
    """A folder in which a run's scores are written only by who holds it.

    Args:
        folder: The ablation's.
        claim: The run's.
    """

    def __init__(self, folder: AblationFolder, claim: Claim) -> None:
        super().__init__(folder.path)
        self._claim = claim

    def write_result(self, result: Result) -> None:
        """The run is done; this process ends if another one took it over meanwhile."""
        self._claim.insist()
        super().write_result(result)


def child_variables(place: str, threads: int | None) -> dict[str, str]:
    """The environment of a child of this process: where it is, and with how many threads."""
    told = {"place": place, "parent": vars(Process.this())}
    return {CHILD: json.dumps(told), **_thread_variables(threads)}


def _thread_variables(threads: int | None) -> dict[str, str]:
    """What OpenMP reads when it is loaded, as a wish of the user's: no gan-zoo replaces it."""
    if threads is None:
        return {}
    ours = [one for one in os.environ.get(SET, "").split() if not one.startswith(THREADS)]
    return {**dict.fromkeys(THREADS, str(threads)), SET: " ".join(ours)}


def _told_by_parent(device: str) -> tuple[str, Process | None]:
    told = os.environ.get(CHILD)
    if told is None:  # typed by hand
        return device, None
    found = json.loads(told)
    return found["place"], Process(**found["parent"])


def _try(
    folder: AblationFolder, key: str, make: Maker | None, reporter: Reporter, place: str
) -> tuple[str | None, str]:
    """Make the run; the cause for which it is not done, and its last word."""
    plan = folder.plan()
    run, count = plan.runs[key], len(read_attempts(folder.attempts(key))) + 1
    caught: BaseException | None = None
    try:
        reporter.say(
            f"{run.variant} seed {run.seed}, try {count}, at {place} of {platform.node()}, {utc()}"
        )
        if make is None:
            from gan_zoo.ablation.making import make_run

            make = make_run
        _make_free(make, folder, key, reporter)
    except BaseException as problem:
        caught = problem
    for number in SIGNALS:  # what is left is short, and must be written
        _set(number, signal.SIG_IGN)
    return _judge(caught) if caught else (None, "")


def _make_free(make: Maker, folder: AblationFolder, key: str, reporter: Reporter) -> None:
    """Make it, and wait for a while where it is locked: by who was taken for dead and only sleeps,
    on a server that has not noticed a death yet, or by somebody who trains it by hand.
    """
    end = None
    while True:
        try:
            make(folder, key, reporter)
            return
        except BeingTrainedError as problem:
            if end is None:
                end = time.monotonic() + STALE
                reporter.say(f"{problem}, whose end is waited for, ten minutes at most")
            if time.monotonic() > end:
                raise
        time.sleep(ASK)


def _judge(problem: BaseException) -> tuple[str, str]:
    """The cause, and what to say of it; the log is told all."""
    kinds = [kind.__name__ for kind in type(problem).__mro__]
    cause = next((CAUSES[kind] for kind in kinds if kind in CAUSES), "other")
    if cause != STOPPED and lacks_memory(f"{kinds[0]}: {problem}"):
        cause = "memory"
    last = first_line(problem)
    if cause in ("other", "memory"):
        traceback.print_exception(problem)
        last = last if last == kinds[0] else f"{kinds[0]}: {last}"
    elif str(problem):
        print(problem, file=sys.stderr, flush=True)
    return cause, last


@contextmanager
def _heard() -> Iterator[None]:
    """SIGTERM means Ctrl-C until the run hears both by itself."""
    before = {number: _set(number, signal.default_int_handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                _set(number, handler)


def _set(number: int, handler: object) -> object:
    """Change who hears a signal; None in a thread, where nobody can."""
    try:
        return signal.signal(number, handler)  # type: ignore[arg-type]
    except ValueError:
        return None
