"""Metrics that compare 8-bit pictures `C H W` pixel by pixel, in float64."""

from __future__ import annotations

import math
from abc import abstractmethod

from torch import Tensor


class _MeanOverPictures:
    """Every picture counts the same, whatever its size."""

    def __init__(self) -> None:
        self.total = 0.0
        self.pictures = 0

    def update(self, generated: Tensor, real: Tensor) -> None:
        """Add one picture and its target, uint8 `C H W`."""
        if generated.shape != real.shape:
            raise ValueError(f"pictures of {[*generated.shape]} and {[*real.shape]} came")
        self.total += self.score(generated.double() - real.double())
        self.pictures += 1

    def compute(self) -> float:
        """The mean; not a number where there was no picture."""
        return self.total / self.pictures if self.pictures else math.nan

    @abstractmethod
    def score(self, difference: Tensor) -> float:
        """The score of one picture."""


class MeanAbsoluteDifference(_MeanOverPictures):
    """In 8-bit values: 0 is equal, 255 is black against white."""

    def score(self, difference: Tensor) -> float:
        """Mean absolute difference."""
        return difference.abs().mean().item()


class PeakSignalToNoise(_MeanOverPictures):
    """In decibels; higher is better."""

    def score(self, difference: Tensor) -> float:
        """10 log10(255^2 / MSE)."""
        error = difference.square().mean().item()
        return math.inf if error == 0 else 10 * math.log10(255**2 / error)
