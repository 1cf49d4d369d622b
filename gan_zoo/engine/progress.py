"""What a run tells its user: a bar in a terminal, plain lines elsewhere, all of it in log.txt."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

T = TypeVar("T")
PLAIN_SECONDS = 10.0  # between two lines where there is no terminal


class Voice:
    """Speaks to the console and to the run's log.txt.

    Args:
        console: Where to; standard output if absent.
        quiet: Only the log.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self.console = console or Console(quiet=quiet, highlight=False)
        self._log: Path | None = None

    def log_to(self, path: Path) -> None:
        """From now on, keep what is said."""
        self._log = path

    def say(self, text: str) -> None:
        """One message."""
        self.console.print(text, markup=False, soft_wrap=True)
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    @contextmanager
    def progress(self, phase: str, done: int, total: int) -> Iterator[Steps]:
        """The bar of one phase."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed}/{task.total}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[told]}"),
            console=self.console,
            disable=not self.console.is_terminal or self.console.quiet,
        )
        with bar:
            task = bar.add_task(phase, completed=done, total=total, told="")
            yield Steps(self, bar, task, phase, done, total)


class Steps:
    """Counts the steps of a phase, and where their time goes."""

    def __init__(
        self, voice: Voice, bar: Progress, task: TaskID, phase: str, done: int, total: int
    ) -> None:
        self._voice, self._bar, self._task = voice, bar, task
        self._phase, self._done, self._total = phase, done, total
        self._waits: deque[float] = deque([0.0], maxlen=50)
        self._steps: deque[float] = deque([0.0], maxlen=50)
        self._last = self._told = time.monotonic()
        self._spoken = 0

    def waiting_for(self, feed: Iterable[T]) -> Iterator[T]:
        """Pass the feed on and measure how long it keeps the step waiting."""
        source = iter(feed)
        while True:
            asked = time.monotonic()
            try:
                item = next(source)
            except StopIteration:
                return
            self._waits.append(time.monotonic() - asked)
            yield item

    def step(self, terms: Mapping[str, float], epoch: int) -> None:
        """One more step is done."""
        now = time.monotonic()
        self._steps.append(now - self._last)
        self._last = now
        self._done += 1
        losses = " ".join(f"{label} {value:.3g}" for label, value in terms.items())
        times = self.times()
        told = (
            f"epoch {epoch}  {losses}  {1000 * times['seconds']:.0f} ms a step, "
            f"{1000 * times['wait']:.0f} waiting for data"
        )
        self._bar.update(self._task, completed=self._done, told=told)
        if self._bar.disable and (now - self._told > PLAIN_SECONDS or self._spoken == 0):
            if self._spoken == 0 and len(self._steps) < 8 and self._done < self._total:
                return  # the first steps warm up; an estimate from them would mislead
            self._spoken += 1
            self._told = now
            left = (self._total - self._done) * fmean(self._steps)
            self._voice.say(
                f"  {self._phase} {self._done}/{self._total}  {told}, {left / 60:.1f} min to go"
            )

    def times(self) -> dict[str, float]:
        """Seconds a step takes, and how many of them it waits for data; over the last steps."""
        return {
            "seconds": round(fmean(self._steps), 6),
            "wait": round(fmean(self._waits), 6),
        }
