"""Two runs scored on the same pictures: the difference of every score, where it may be compared."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gan_zoo.evaluation.score_files import Score, Scores
from gan_zoo.evaluation.statistics import Interval, paired_interval


@dataclass(frozen=True)
class Difference:
    """One score of two runs.

    Args:
        name: METRIC or METRIC.FIELD.
        ours: The score of the first run.
        theirs: That of the other one.
        interval: Of ours less theirs over pictures, of their distances to the ideal where there is
            one; None where single pictures have no value.
        better: Pictures of which ours is better; None likewise.
        worse: Those of which theirs is.
        apart: Why the two must not be compared; empty where they may.
    """

    name: str
    ours: float
    theirs: float
    interval: Interval | None = None
    better: int | None = None
    worse: int | None = None
    apart: str = ""

    def as_data(self) -> dict[str, Any]:
        """As JSON knows it."""
        told = asdict(self)
        for name in ("ours", "theirs"):
            told[name] = told[name] if math.isfinite(told[name]) else None
        return told


def compare(one: Scores, other: Scores) -> list[Difference]:
    """The scores that both have, in the order of the first.

    Args:
        one: Of the run that is looked at.
        other: Of the one that it is set against.
    """
    both = [name for name in one.measured if name in other.measured]
    return [_difference(name, one.measured[name], other.measured[name]) for name in both]


def _difference(name: str, one: Score, other: Score) -> Difference:
    if one.id != other.id:
        return Difference(name, one.value, other.value, apart=_apart(one.protocol, other.protocol))
    if one.values is None or other.values is None:
        return Difference(name, one.value, other.value)
    if not (one.is_mean and other.is_mean):  # pooled over pixels: pictures do not add up to it
        return Difference(name, one.value, other.value)
    pairs = [*zip(one.values, other.values, strict=True)]
    try:
        interval = paired_interval(one.compared(one.values), other.compared(other.values))
    except ValueError:  # no picture has a value in both
        return Difference(name, one.value, other.value)
    return Difference(
        name,
        one.value,
        other.value,
        interval,
        better=sum(one.is_better(ours, theirs) for ours, theirs in pairs),
        worse=sum(one.is_better(theirs, ours) for ours, theirs in pairs),
    )


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """In what two protocols differ."""
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return "; ".join(
        f"{key} {json.dumps(one.get(key))} and {json.dumps(other.get(key))}" for key in keys
    )
