"""Scores with their protocols. Those of different protocols never meet: each has its own group."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_zoo.report.history import History, numbers
from gan_zoo.report.series import Series

SAME = 1e-6  # of a score: the log rounds nothing, files may


@dataclass
class Scored:
    """The scores of one metric by one protocol in one run.

    Args:
        metric: METRIC, or METRIC.FIELD.
        id: Of the protocol; empty where the run keeps none.
        protocol: What is known of it, a line.
        lower: Whether lower is better; None where nothing tells.
        where: The phase, of scores that have no protocol on disk.
        beside: What stands beside it, as its ceiling.
        points: By step.
    """

    metric: str
    id: str
    protocol: str
    lower: bool | None
    where: str = ""
    beside: dict[str, float] = field(default_factory=dict)
    points: Series = field(default_factory=Series)

    def best(self) -> tuple[int, float] | None:
        """Step and value of the best, the earliest of equal ones; None where nothing tells."""
        if self.lower is None or not self.points.points:
            return None
        choose = min if self.lower else max
        value = choose(self.points.values)
        return next(point for point in self.points.points if point[1] == value)


def read_scores(folder: Path, history: History, lower: Mapping[str, bool]) -> list[Scored]:
    """Every score of a run, those of its files first; a damaged file is passed over.

    Args:
        folder: The run's.
        history: Whose scores no file may hold.
        lower: Metric -> whether lower is better, of those that the recipe validates by.
    """
    found: dict[tuple[str, str], Scored] = {}
    known: dict[tuple[int, str], list[float]] = {}
    for path in sorted((folder / "scores").glob("*.json")):
        for step, scored, value in _read(path):
            own = found.setdefault((scored.metric, scored.id), scored)
            own.points.points.append((step, value))
            known.setdefault((step, scored.metric), []).append(value)
    for scored in found.values():
        scored.points.points = sorted(dict(scored.points.points).items())
    made = [*found.values()]
    for (phase, metric), series in history.scored.items():
        rest = [
            (step, value)
            for step, value in series.points
            if not any(
                abs(value - other) <= SAME * max(1.0, abs(value))
                for other in known.get((step, metric), ())
            )
        ]
        if rest:
            told = "the run keeps no protocol of it"
            points = Series(sorted(dict(rest).items()))
            made.append(Scored(metric, "", told, lower.get(metric), phase, {}, points))
    return sorted(made, key=lambda scored: (scored.metric, scored.id, scored.where))


def _read(path: Path) -> list[tuple[int, Scored, float]]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        step, entries = int(told["step"]), dict(told["scores"])
    except (OSError, ValueError, TypeError, KeyError):
        return []
    made = []
    for metric, entry in entries.items():
        if not isinstance(entry, Mapping):
            continue
        protocol: Any = entry.get("protocol")
        for _, value in numbers({"value": entry.get("value")}):
            lower = entry.get("lower_is_better")
            scored = Scored(
                str(metric),
                str(entry.get("id", "")),
                describe_protocol(protocol if isinstance(protocol, Mapping) else {}),
                lower if isinstance(lower, bool) else None,
                beside=dict(numbers(entry.get("beside"))),
            )
            made.append((step, scored, value))
    return made


def describe_protocol(protocol: Mapping[str, Any]) -> str:
    """A protocol in a line: what it measures, on what."""
    told = [str(protocol["measures"])] if protocol.get("measures") else []
    pictures, split, size = (protocol.get(word) for word in ("pictures", "split", "size"))
    if pictures is not None and split is not None:
        at = f" at {'x'.join(map(str, size))}" if isinstance(size, list) else " at their own sizes"
        told.append(f"{split}, {pictures} pictures{at}")
    if protocol.get("bits"):
        told.append(f"{protocol['bits']} bits")
    judge = protocol.get("judge")
    if isinstance(judge, Mapping):
        words = (f"{key} {value}" for key, value in judge.items() if isinstance(value, str | int))
        told.append("judged by " + ", ".join(words))
    if protocol.get("styles"):
        told.append(f"styles: {protocol['styles']}")
    return "; ".join(told)
