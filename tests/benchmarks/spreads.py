"""Medians and quartiles, as the tables of benchmarks tell them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles


def spread(numbers: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    if len(numbers) == 1:
        return numbers[0], numbers[0], numbers[0]
    low, middle, high = quantiles(numbers, n=4, method="inclusive")
    return low, middle, high


def format_spread(numbers: Sequence[float], unit: float = 1) -> str:
    """The median and the quartiles."""
    low, middle, high = (unit * one for one in spread(numbers))
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"
