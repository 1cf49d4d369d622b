"""Metrics that compare 8-bit pictures `C H W` pixel by pixel, in float64."""

from __future__ import annotations

import math

from torch import Tensor

from gan_zoo.components import MeanOverPictures, Sample


class MeanAbsoluteDifference(MeanOverPictures):
    """In 8-bit values: 0 is equal, 255 is black against white."""

    def score(self, generated: Tensor, real: Tensor, sample: Sample) -> float:
        """Mean absolute difference."""
        return (generated.double() - real.double()).abs().mean().item()


class PeakSignalToNoise(MeanOverPictures):
    """In decibels; higher is better."""

    def score(self, generated: Tensor, real: Tensor, sample: Sample) -> float:
        """10 log10(255^2 / MSE)."""
        error = (generated.double() - real.double()).square().mean().item()
        return math.inf if error == 0 else 10 * math.log10(255**2 / error)
