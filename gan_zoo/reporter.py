"""What is told while something takes long: a bar in a terminal, plain lines elsewhere. A run keeps
what it says in log.txt.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import fmean
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from gan_zoo.errors import naming_file, show_every_letter

T = TypeVar("T")
PLAIN_SECONDS = 10.0  # between two lines where there is no terminal
SHOWN_SECONDS = 0.1  # between two looks at a bar
QUIET_SECONDS = 2.0  # before a wait is worth a word
RECENT = 50  # steps over which times are averaged


@contextmanager
def progress(total: int | None, label: str) -> Iterator[Callable[[], None]]:
    """Tell how far something is that may take long: on standard error, and only once it has taken
    two seconds.

        with progress(len(files), "reading headers") as advance:
            for file in files:
                ...
                advance()

    Args:
        total: How many there are; None where nobody knows yet.
        label: What is done with them.
    """
    show_every_letter(sys.stderr)
    console = Console(file=sys.stderr, highlight=False, emoji=False)
    of_all = "" if total is None else f"/{total}"
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}" + of_all),
        console=console,
        transient=True,
    )
    task = bar.add_task(label, total=total)
    began = told = shown = time.monotonic()
    done = 0

    def advance() -> None:
        nonlocal done, told, shown
        done += 1
        now = time.monotonic()
        if now - began < QUIET_SECONDS or now - shown < SHOWN_SECONDS:
            return
        shown = now
        if console.is_terminal:
            bar.update(task, completed=done)
            bar.start()
        elif now - told > PLAIN_SECONDS or told == began:
            told = now
            console.print(f"  {label} {done}{of_all}", markup=False, soft_wrap=True)

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()


class Reporter:
    """Speaks to the console and to the run's log.txt.

    Args:
        console: Where to; standard output if absent.
        quiet: Only the log.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        if console is None:
            show_every_letter(sys.stdout)
        self.console = console or Console(quiet=quiet, highlight=False, emoji=False)
        self._log: Path | None = None

    def log_to(self, path: Path) -> None:
        """From now on, keep what is said."""
        self._log = path

    def say(self, text: str) -> None:
        """One message."""
        self.console.print(text, markup=False, emoji=False, soft_wrap=True)
        if self._log is not None:
            with naming_file(self._log), self._log.open("a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    @contextmanager
    def progress(self, phase: str, done: int, total: int) -> Iterator[StepProgress]:
        """The bar of one phase."""
        bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[told]}", markup=False),
            console=self.console,
            disable=not self.console.is_terminal or self.console.quiet,
        )
        with nullcontext() if bar.disable else bar:  # some versions end it with an empty line
            task = bar.add_task(phase, completed=done, total=total, told="")
            yield StepProgress(self, bar, task, phase, done, total)


class StepProgress:
    """Counts the steps of a phase, and where their time goes."""

    def __init__(
        self, reporter: Reporter, bar: Progress, task: TaskID, phase: str, done: int, total: int
    ) -> None:
        self._reporter, self._bar, self._task = reporter, bar, task
        self._phase, self._done, self._total = phase, done, total
        self._waits: deque[float] = deque(maxlen=RECENT)
        self._steps: deque[float] = deque(maxlen=RECENT)
        self._asked = self._told = time.monotonic()
        self._terms: dict[str, float] = {}
        self._first: tuple[float, int] | None = None  # when it ended, which it was

    def waiting_for(self, feed: Iterable[T]) -> Iterator[T]:
        """Pass the feed on and measure how long it keeps the step waiting."""
        source = iter(feed)
        while True:
            self._asked = time.monotonic()
            try:
                item = next(source)
            except StopIteration:
                return
            self._waits.append(time.monotonic() - self._asked)
            yield item

    def step(self, terms: Mapping[str, float], epoch: int) -> None:
        """One more step is done.

        Args:
            terms: The latest losses that are known, which may be those of a few steps before; none
                where none were read since.
            epoch: The pass over the data.
        """
        now = time.monotonic()
        self._terms = dict(terms) or self._terms
        self._steps.append(now - self._asked)
        self._done += 1
        told = self._line(epoch, now)
        self._bar.update(self._task, completed=self._done, told=told)
        if self._bar.disable and now - self._told > PLAIN_SECONDS:
            self._told = now
            self._reporter.say(f"  {self._phase} {self._done}/{self._total}  {told}")

    def times(self) -> dict[str, float]:
        """Seconds a step takes, and how many of them it waits for data; over the last steps."""
        return {
            "seconds": round(fmean(self._steps or [0.0]), 6),
            "wait": round(fmean(self._waits or [0.0]), 6),
        }

    def _line(self, epoch: int, now: float) -> str:
        """Losses, times, and how long it will take at the pace so far, previews and all."""
        began, first = self._first = self._first or (now, self._done)  # the first step warms up
        pace = (now - began) / max(1, self._done - first)
        losses = " ".join(f"{label} {value:.3g}" for label, value in self._terms.items())
        times = {what: f"{1000 * seconds:.0f} ms" for what, seconds in self.times().items()}
        told = f"epoch {epoch}  {losses}  {times['seconds']} a step"
        told += f", {times['wait']} of it waiting for data"
        return (
            f"{told}, {format_duration(pace * (self._total - self._done))} to go" if pace else told
        )


def format_duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
