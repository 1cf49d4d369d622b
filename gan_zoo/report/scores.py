"""Scores with their protocols. Those of different protocols never meet: each has its own group."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_zoo.components.watching import is_better
from gan_zoo.errors import format_size
from gan_zoo.evaluation import score_files
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
        ideal: The best value, where neither lower nor higher is better.
        where: The phase, of scores that have no protocol on disk.
        beside: What stands beside it, as its ceiling.
        points: By step.
    """

    metric: str
    id: str
    protocol: str
    lower: bool | None
    ideal: float | None = None
    where: str = ""
    beside: dict[str, float] = field(default_factory=dict)
    points: Series = field(default_factory=Series)

    def best(self) -> tuple[int, float] | None:
        """Step and value of the best, the earliest of equal ones; None where nothing tells."""
        if self.lower is None or not self.points.points:
            return None
        best = self.points.points[0]
        for point in self.points.points:
            if is_better(point[1], best[1], lower=self.lower, ideal=self.ideal):
                best = point
        return best

    @property
    def order(self) -> str:
        """Which values are better, in words; empty where nothing tells."""
        return describe_order(self.lower, self.ideal)


def describe_order(lower: bool | None, ideal: float | None) -> str:
    """Which values of a score are better, in words; empty where nothing tells."""
    if ideal is not None:
        return f"nearer to {ideal:g} is better"
    return "" if lower is None else f"{'lower' if lower else 'higher'} is better"


def read_scores(folder: Path, history: History, lower: Mapping[str, bool]) -> list[Scored]:
    """Every score of a run, those of its files first; a damaged file is passed over.

    Args:
        folder: The run's.
        history: Whose scores no file may hold.
        lower: Metric -> whether lower is better, of those that the recipe validates by.
    """
    found: dict[tuple[str, str], Scored] = {}
    files = [kept for _, kept in score_files.read_scores(folder)]
    usual = Counter(kept.weights for kept in files).most_common(1)  # others have own curves
    known: dict[tuple[int, str], list[float]] = {}
    for kept in files:
        aside = "" if kept.weights == usual[0][0] else f" (weights {kept.weights})"
        for name, score in kept.measured.items():
            if kept.step is None or not math.isfinite(score.value):
                continue
            metric = f"{name}{aside}"
            told = describe_protocol(score.protocol)
            scored = Scored(metric, score.id, told, score.lower_is_better, score.ideal)
            own = found.setdefault((metric, score.id), scored)
            own.beside = dict(numbers(score.beside))
            own.points.points.append((kept.step, score.value))
            known.setdefault((kept.step, name), []).append(score.value)
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
            one = Scored(metric, "", told, lower.get(metric), where=phase, points=points)
            made.append(one)
    return sorted(made, key=lambda scored: (scored.metric, scored.id, scored.where))


def describe_protocol(protocol: Mapping[str, Any]) -> str:
    """A protocol in a line: what it measures, how, on what."""
    options, judge = protocol.get("options"), protocol.get("judge")
    parts = [
        str(protocol.get("measures") or ""),
        _words(options) if isinstance(options, Mapping) else "",
        describe_data(protocol),
        f"judge: {_words(judge)}" if isinstance(judge, Mapping) else "",
    ]
    return "; ".join(part for part in parts if part)


def describe_data(protocol: Mapping[str, Any]) -> str:
    """On what a score was measured, as its protocol tells."""
    size = protocol.get("size")
    at = f"at {format_size(size)}" if size else "at their own sizes"
    parts = [
        f"{protocol.get('split')}, {protocol.get('pictures')} pictures {at}",
        f"{protocol.get('bits')} bits, data {protocol.get('data')}",
        f"styles {protocol['styles']}" if protocol.get("styles") else "",
    ]
    return "; ".join(part for part in parts if part)


def _words(told: Mapping[str, Any]) -> str:
    plain = {k: v if isinstance(v, str) else json.dumps(v) for k, v in told.items()}
    return ", ".join(f"{key} {value}" for key, value in plain.items())
