"""The runs of an ablation in their order: handed to an executor, while what becomes of them is read
in the folder. No torch.

The folder is the queue. Whoever works at it may die, and several may work at it on machines that
see it: what is done, what failed and what somebody alive is at lies there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence

from gan_zoo.ablation.attempts import (
    REAPER,
    RESUMED,
    STOPPED,
    TIMES,
    Attempt,
    deaths,
    failure,
    read_attempts,
    reap,
    sum_seconds,
)
from gan_zoo.ablation.children import Child, adopt, forget, note_early, places_of_others, submit
from gan_zoo.ablation.claims import Owner, living, owners, sweep
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.signals import Signals
from gan_zoo.ablation.wording import (
    count,
    describe_end,
    describe_holder,
    describe_rest,
    describe_start,
)
from gan_zoo.components.watching import Executor
from gan_zoo.errors import UserError
from gan_zoo.reporter import Reporter, format_duration

POLL = 0.25  # seconds between two questions after children
LOOK = 5.0  # seconds between two looks at runs that others are at


class Queue:
    """Works at the runs of an ablation; see `run_all`.

    Args:
        folder: The ablation's.
        keys: The runs that are asked for, in their order.
        executor: Where they are made.
        name: The executor's.
        join: Whether only what nobody is at counts.
        hours: After so many nothing starts.
        stop_on_failure: Whether nothing starts after a failure.
        reporter: Where it is told.
        on_done: Called with the key of each run that is done.
    """

    def __init__(
        self,
        folder: AblationFolder,
        keys: Sequence[str],
        executor: Executor,
        name: str,
        *,
        join: bool,
        hours: float | None,
        stop_on_failure: bool,
        reporter: Reporter,
        on_done: Callable[[str], object] | None,
    ) -> None:
        self.done: dict[str, float | None] = {}  # with the seconds that it took
        self.failed: dict[str, Attempt] = {}
        self.elsewhere: dict[str, Owner] = {}  # those at which somebody else is
        self.signals = Signals()
        self._folder, self._keys, self._executor, self._called = folder, keys, executor, name
        self._join, self._reporter, self._on_done = join, reporter, on_done
        self._plan = folder.plan()
        self._children: dict[str, Child] = {}
        self._resting: set[str] = set()  # children of ours that somebody stopped
        self._end = time.monotonic() + 3600 * hours if hours is not None else math.inf
        self._stop_on_failure = stop_on_failure
        self._looked = -math.inf
        self._told = 0  # signals that were answered
        self._met: set[str] = set()  # who was told of as being at a run
        self._halted = False  # nothing starts any more
        self._refused: UserError | None = None

    def work(self) -> None:
        """Until all is done, nothing may start any more, or the user stops it: at the first signal
        what runs saves and ends, at the third it is not waited for.

        Raises:
            UserError: the executor takes nothing, and what was handed on before has ended; or a
                file is damaged.
        """
        try:
            with self.signals.heard():
                self._begin()
                while self._is_busy():
                    time.sleep(POLL)
        except KeyboardInterrupt:
            if not self._told:
                self._stop()
            left = count(len(self._children), "run")
            self._say(f"Not waited for: {left} may still go on; the same command finds them again")
        counts = (len(self._keys), len(self.done), len(self.elsewhere))
        self._say(describe_end(self._folder.path, *counts, list(self.failed.values())))
        if self._refused is not None:
            raise self._refused

    # ------------------------------------------------------------------------------ its parts

    def _begin(self) -> None:
        if (claims := self._folder.claim("any").parent).is_dir():
            sweep(claims)
        for key in self._keys:
            tries = read_attempts(self._folder.attempts(key))
            if self._folder.is_done(key):
                self.done[key] = sum_seconds(tries)
            elif (failed := failure(tries)) is not None:
                self.failed[key] = failed
        for child in adopt(self._folder, self._called):
            self._children[child.id] = child
        places = len(self._executor.places)
        self._say(describe_start(self._plan, self._keys, len(self.done), places))
        for key, failed in self.failed.items():
            self._say(f"{self._name(key)} failed before: {self._fault(key, failed)}")
        for child in self._children.values():
            self._say(f"{self._name(child.key)} is at {child.place} from before")

    def _is_busy(self) -> bool:
        """Do what is to be done now; whether there is something to wait for."""
        self._look()
        if self.signals.count > self._told:
            self._stop()
        self._start()
        return bool(self._children) or self._awaited()

    def _look(self) -> None:
        """What has become of runs."""
        for child in list(self._children.values()):
            if self._executor.state(child.handle) == "ended":
                del self._children[child.id]
                forget(self._folder, child)
                self._settle(child.key, child)
        if time.monotonic() - self._looked > LOOK:
            self._looked = time.monotonic()
            for key in self._open():
                self._settle(key)

    def _start(self) -> None:
        """Hand on as many as there are free places."""
        if self._may_start():
            taken = self._taken()
            places = [place for place in self._executor.places if place not in taken]
            for place in places[: max(0, len(self._executor.places) - len(taken))]:
                key = next(self._free(), None)
                if key is None or not self._may_start():
                    return
                try:
                    child = submit(self._folder, key, place, self._executor, self._called)
                except UserError as problem:
                    self._refused, self._halted = problem, True
                    return
                if child is None:
                    continue
                self._children[child.id] = child
                self._say(f"{self._name(key)} starts at {place}")

    def _taken(self) -> list[str]:
        """Places where something runs. Shares of the processors are only counted, and each parent
        has its own; a device is one for all that this machine gives to it.
        """
        taken = [child.place for child in self._children.values()]
        taken += [one.place for one in self.elsewhere.values() if _is_orphan(one)]
        if self._plan.device == "cpu":
            return taken
        every = {*taken, *places_of_others(self._folder)}
        return [place for place in self._executor.places if place in every]

    def _may_start(self) -> bool:
        if not self._halted and time.monotonic() > self._end and self._open():
            self._halted = True
            self._say("The time is over: nothing starts any more, and what runs is waited for")
        return not self._halted and not self.signals.count

    def _open(self) -> list[str]:
        """Runs that are neither done nor failed nor children of ours."""
        settled = {*self.done, *self.failed, *(one.key for one in self._children.values())}
        return [key for key in self._keys if key not in settled]

    def _free(self) -> Iterator[str]:
        """Runs that may start, as of now."""
        for key in self._open():
            if key in self._resting or key in self.elsewhere:
                continue
            self._settle(key)
            if key in self._open() and key not in self.elsewhere:
                yield key

    def _awaited(self) -> bool:
        """Whether there is something to wait for beside children: also for a run that may start,
        since all places may be those of orphans.
        """
        if self._halted or self.signals.count:
            return False
        return bool(next(self._free(), None) or (self.elsewhere and not self._join))

    def _stop(self) -> None:
        """Answer a signal."""
        self._told += 1
        if self._told > 1:
            self._say("What runs is saving; it is waited for, unless Ctrl-C is pressed once more")
            return
        self._say(f"Stopping: {count(len(self._children), 'run')} to save and end")
        for child in self._children.values():
            try:
                self._executor.cancel(child.handle)
            except UserError as problem:
                self._say(str(problem))

    # ------------------------------------------------------------------------------ one run

    def _settle(self, key: str, child: Child | None = None) -> None:
        """Look at what became of a run that is no child any more, or never was.

        Args:
            key: The run's.
            child: As whom it has just ended.
        """
        folder = self._folder
        self.elsewhere.pop(key, None)
        if key in self._keys and key not in folder.plan().runs:  # planned anew beside us
            self._keys = [one for one in self._keys if one != key]
            self._say(f"{self._name(key)} is not asked for any more")
        if key not in self._keys:  # asked for before, and not this time
            return
        chain = owners(folder.claim(key))
        if chain and not reap(folder, key):
            if holder := living(folder.claim(key)):
                self.elsewhere[key] = holder
                if holder.id not in self._met and holder.place != REAPER:
                    self._met.add(holder.id)
                    self._say(f"{self._name(key)} {describe_holder(holder)}")
            return
        tries = read_attempts(folder.attempts(key))
        quiet = child is not None and len(tries) == child.tries and not folder.is_done(key)
        if child is not None and quiet and not self.signals.count:
            note_early(folder, child)
            tries = read_attempts(folder.attempts(key))
        failed = failure(tries)
        if folder.is_done(key):
            self.done[key] = sum_seconds(tries)
            self.failed.pop(key, None)  # somebody tried once more by hand
            took = format_duration(tries[-1].seconds) if tries else "no time"
            whose = "" if child or not tries else f" on {tries[-1].host}"
            how_far = f"{len(self.done)} of {len(self._keys)}"
            self._say(f"{self._name(key)} done in {took}{whose}; {how_far}{self._rest()}")
            if self._on_done is not None:
                self._on_done(key)
        elif failed is not None:
            self.failed[key] = failed
            self._say(f"{self._name(key)} failed: {self._fault(key, failed)}")
            self._halted = self._halted or self._stop_on_failure
        elif child is not None and tries and not self.signals.count:
            self._tell_end_of_child(key, tries)

    def _tell_end_of_child(self, key: str, tries: Sequence[Attempt]) -> None:
        """Of one that is neither done nor failed."""
        if tries[-1].cause == STOPPED:  # not by us: by somebody who wants this one to rest
            self._resting.add(key)
            self._say(f"{self._name(key)} was stopped: {tries[-1].last}")
        elif tries[-1].cause in RESUMED:
            which = f"{deaths(tries)} of at most {TIMES} times"
            self._say(f"{self._name(key)} was {tries[-1].cause}; it is taken up again, {which}")

    # ------------------------------------------------------------------------------ what is told

    def _fault(self, key: str, failed: Attempt) -> str:
        return f"{failed.cause}. {failed.last} (log: {self._folder.log(key)})"

    def _rest(self) -> str:
        """How long what is left may take, by what was done."""
        took = [seconds for seconds in self.done.values() if seconds is not None]
        left = len(self._keys) - len(self.done) - len(self.failed)
        return describe_rest(took, left, len(self._executor.places))

    def _name(self, key: str) -> str:
        run = self._plan.runs.get(key) or self._plan.orphans.get(key)
        return f"{run.variant} seed {run.seed}" if run else f"A run of the key {key}"

    def _say(self, text: str) -> None:
        self._reporter.say(text)


def _is_orphan(owner: Owner) -> bool:
    """Whether it holds a place that was ours to give: its parent died on this machine."""
    return owner.parent is not None and bool(owner.parent.is_gone())
