"""What a run wrote down while it trained: log.jsonl and scores/, read with care."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_zoo.report.series import Series


@dataclass(frozen=True)
class Warned:
    """A warning that was given during training.

    Args:
        step: When.
        phase: In which phase.
        sentence: What is wrong.
        cure: What to do, as a change to the recipe; may be empty.
    """

    step: int
    phase: str
    sentence: str
    cure: str


@dataclass
class History:
    """log.jsonl by subject.

    Args:
        losses: Display label -> its curve.
        rates: Player -> learning rates.
        scored: (phase, metric) -> scores that the log holds.
        health: Signal -> its curve.
        seconds: Of a step.
        waits: Seconds of a step that waited for data.
        warnings: In their order.
        phases: Name -> its first logged step and its last one.
        epochs: Step -> epoch.
        memory: device_bytes, process_bytes -> the most that was held.
        unread: Lines that are no entry, as one that was cut.
    """

    losses: dict[str, Series] = field(default_factory=dict)
    rates: dict[str, Series] = field(default_factory=dict)
    scored: dict[tuple[str, str], Series] = field(default_factory=dict)
    health: dict[str, Series] = field(default_factory=dict)
    seconds: Series = field(default_factory=Series)
    waits: Series = field(default_factory=Series)
    warnings: list[Warned] = field(default_factory=list)
    phases: dict[str, tuple[int, int]] = field(default_factory=dict)
    epochs: dict[int, int] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    unread: int = 0

    @property
    def last_step(self) -> int:
        """The last one that was logged; 0 if none was."""
        return max((last for _, last in self.phases.values()), default=0)

    def time(self) -> tuple[float, float]:
        """Seconds of all steps, and how many of them waited for data: about, as they are logged
        now and then.
        """
        return _total(self.seconds), _total(self.waits)


def read_history(path: Path) -> History:
    """Read log.jsonl; an absent one is an empty history."""
    history = History()
    if not path.is_file():
        return history
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
                step, phase = int(entry["step"]), str(entry["phase"])
            except (ValueError, TypeError, KeyError):
                history.unread += 1
                continue
            first, last = history.phases.get(phase, (step, step))
            history.phases[phase] = (min(first, step), max(last, step))
            if isinstance(entry.get("epoch"), int):
                history.epochs[step] = entry["epoch"]
            _take(history, step, phase, entry)
    return history


def _take(history: History, step: int, phase: str, entry: Mapping[str, Any]) -> None:
    for kind in ("losses", "rates", "health"):
        series = getattr(history, kind)
        for name, value in numbers(entry.get(kind)):
            series.setdefault(name, Series()).points.append((step, value))
    for name, value in numbers(entry.get("validation")):
        history.scored.setdefault((phase, name), Series()).points.append((step, value))
    for name, value in numbers(entry):
        if name in ("seconds", "wait"):
            (history.seconds if name == "seconds" else history.waits).points.append((step, value))
    for name, value in numbers(entry.get("memory")):
        history.memory[name] = max(value, history.memory.get(name, 0.0))
    told = entry.get("warning")
    if isinstance(told, Mapping):
        sentence, cure = (str(told.get(word) or "") for word in ("sentence", "cure"))
        history.warnings.append(Warned(step, phase, sentence, cure))


def numbers(told: Any) -> Iterator[tuple[str, float]]:
    """The finite numbers of a mapping."""
    for name, value in told.items() if isinstance(told, Mapping) else ():
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield str(name), float(value)


def _total(series: Series) -> float:
    total, before = 0.0, 0
    for step, value in series.points:
        total += value * max(0, step - before)
        before = step
    return total
