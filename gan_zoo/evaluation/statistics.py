"""Intervals of differences between scores, wherever runs are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
LEVEL = 0.95
SEED = 0  # of the resamples: the same values have the same interval


@dataclass(frozen=True)
class Interval:
    """A mean difference and where it lies.

    Args:
        mean: Of the differences.
        low: The interval's lower end.
        high: Its upper end.
    """

    mean: float
    low: float
    high: float

    @property
    def is_off_zero(self) -> bool:
        """Whether it does not hold zero."""
        return not self.low <= 0 <= self.high


def paired_interval(one: Sequence[float], other: Sequence[float]) -> Interval:
    """The mean of `one` less `other`, picture by picture, with the percentile bootstrap's interval
    of 95 % over pictures (Efron and Tibshirani 1993, sec. 13.3).

    Args:
        one: What every picture scores; nan where it has no value, which then does not count.
        other: The same pictures in the same order.

    Raises:
        ValueError: they differ in number, or no picture has both values.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} values came; the same pictures are expected")
    differences = np.subtract(one, other, dtype=float)
    differences = differences[np.isfinite(differences)]
    count = len(differences)
    if not count:
        raise ValueError("no picture has a value in both")
    draw = np.random.default_rng(SEED)
    means = np.empty(RESAMPLES)
    for start in range(0, RESAMPLES, 500):  # in parts: memory stays small for many pictures
        chosen = draw.integers(count, size=(500, count))
        means[start : start + 500] = differences[chosen].mean(axis=1)
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return Interval(float(differences.mean()), float(low), float(high))
