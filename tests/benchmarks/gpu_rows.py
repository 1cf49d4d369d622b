"""Rows of tables that are measured one by one within a time: what is begun must fit, and what was
measured is on the screen and on disk before the next one begins.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

Figures = dict[str, Any]  # column -> what was found

CLOSING = 3.0  # seconds at the end in which nothing is measured any more
MARGIN = 1.1  # rows differ from their estimates


class Overran(BaseException):
    """The time is over. No `Exception`: nobody on the way may take it for a fault of the work, as
    whoever falls back to steps that are not compiled would.
    """


class Unavailable(Exception):
    """What a row asks for does not exist here."""


@dataclass(frozen=True)
class Row:
    """One row, before it is measured.

    Args:
        name: In its table.
        kind: Rows of one kind take longer or shorter than they were thought to alike.
        guess: Seconds that it is thought to take.
        take: Measures it.
        rank: Rows of rank 0 are measured first, of all tables, then those of rank 1, and so on.
    """

    name: str
    kind: str
    guess: float
    take: Callable[[], Figures]
    rank: int = 0


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        head: Its title.
        key: Of the figures; one of numbers in brackets follows where `KEY_low` is among them.
        digits: After the point; None for words.
    """

    head: str
    key: str
    digits: int | None = None

    def show(self, figures: Mapping[str, Any]) -> str:
        """What stands in a row."""
        value = figures.get(self.key)
        if value is None:
            return "-"
        if self.digits is None or isinstance(value, str):
            return str(value).replace("|", "/")
        told = f"{value:.{self.digits}f}"
        if f"{self.key}_low" in figures:
            low, high = figures[f"{self.key}_low"], figures[f"{self.key}_high"]
            told += f" ({low:.{self.digits}f} to {high:.{self.digits}f})"
        return told


@dataclass(frozen=True)
class Table:
    """A table, before it is measured.

    Args:
        letter: By which it is asked for.
        title: What it is of, and what is aimed at.
        columns: After the first, which has the rows' names.
        rows: In the order in which they are measured.
        end: Frees what its rows share.
    """

    letter: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    end: Callable[[], None] = lambda: None


@dataclass
class Budget:
    """How much time there is, and how long rows take.

    Args:
        seconds: From the beginning to the end.
        began: On the monotonic clock.
        pace: Of kinds that no row has told of yet: seconds for one that was guessed.
    """

    seconds: float
    began: float
    pace: float = 1.0
    _paces: dict[str, float] = field(default_factory=dict)

    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    def left(self) -> float:
        """Seconds in which something may be measured."""
        return self.seconds - CLOSING - self.spent()

    def estimate(self, row: Row) -> float:
        """Seconds that a row will take: as it was thought, times what the latest of its kind took
        of that.
        """
        return MARGIN * row.guess * self._paces.get(row.kind, self.pace)

    def learn(self, row: Row, took: float) -> None:
        """A row was measured."""
        self._paces[row.kind] = took / row.guess

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """What is done in here is broken off after so long.

        Raises:
            Overran: it was.
        """

        def ring(signum: int, frame: FrameType | None) -> None:
            raise Overran

        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


class Sheet:
    """Where rows go, each as soon as it is there: the screen, tables in gpu.md, and gpu.jsonl, a
    line each, with all that was found. Both files are added to.

    Args:
        folder: Of both; made if absent.
        budget: Tells when.
    """

    def __init__(self, folder: Path, budget: Budget) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.tables, self.lines = folder / "gpu.md", folder / "gpu.jsonl"
        self._budget = budget
        self.written = 0  # rows that hold figures

    def say(self, text: str = "") -> None:
        """A line of markdown."""
        print(text, flush=True)
        with self.tables.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def note(self, **found: Any) -> None:
        """A line of JSON."""
        line = json.dumps({"at": round(self._budget.spent(), 1), **found})
        with self.lines.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def begin(self, table: Table, *, again: bool) -> None:
        """The head of a table."""
        heads = ["", *(column.head for column in table.columns)]
        rules = [":---", *("---" if c.digits is None else "---:" for c in table.columns)]
        self.say(f"\n## {table.letter}. {table.title}{', more' * again}\n")
        self.say(f"| {' | '.join(heads)} |")
        self.say(f"| {' | '.join(rules)} |")

    def row(self, table: Table, name: str, figures: Figures) -> None:
        """A row that was measured, or what came instead."""
        said = [f"{how}: {figures[how]}" for how in ("failed", "not here") if how in figures]
        if said:
            cells = [said[0].replace("|", "/"), *[""] * (len(table.columns) - 1)]
        else:
            cells = [column.show(figures) for column in table.columns]
            self.written += 1
        self.say(f"| {' | '.join([name, *cells])} |")
        self.note(table=table.letter, row=name, **figures)


def reason(problem: BaseException) -> str:
    """What went wrong, in one line of a table."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    told = f"{type(problem).__name__}: {' '.join(lines[:2])}" if lines else type(problem).__name__
    return told if len(told) <= 300 else f"{told[:297]}..."
