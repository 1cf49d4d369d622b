"""Curves with a bounded number of points, and times with a bounded number of stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

BUCKETS = 330  # a bucket gives its minimum, its maximum and its mean: 990 points a series
Point = tuple[int, float]


@dataclass
class Series:
    """Numbers by step.

    Args:
        points: In the order of their steps.
    """

    points: list[Point] = field(default_factory=list)

    @property
    def values(self) -> list[float]:
        """Without their steps."""
        return [value for _, value in self.points]

    def raw(self) -> list[Point]:
        """At most two points a bucket: its minimum and its maximum, so that spikes stay."""
        return [
            point
            for bucket in buckets(self.points)
            for point in sorted({min(bucket, key=_value), max(bucket, key=_value)})
        ]

    def means(self) -> list[Point]:
        """One point a bucket, at its middle: what a smooth line is made of."""
        return [
            (bucket[len(bucket) // 2][0], sum(map(_value, bucket)) / len(bucket))
            for bucket in buckets(self.points)
        ]


def buckets(points: Sequence[Point], most: int = BUCKETS) -> list[Sequence[Point]]:
    """Neighbors together, as evenly as can be; alone where they are few."""
    count = min(most, len(points))
    edges = [round(n * len(points) / count) for n in range(count + 1)] if count else []
    return [points[start:stop] for start, stop in pairwise(edges)]


def evenly(rows: Sequence[Point], most: int) -> list[Point]:
    """So many of the rows for a table, the first and the last among them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[round(n * (len(rows) - 1) / (most - 1))] for n in range(most)]


def _value(point: Point) -> float:
    return point[1]
