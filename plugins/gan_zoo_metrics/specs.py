"""The menu of metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gan_zoo.components import MetricSpec

if TYPE_CHECKING:
    from gan_zoo.components import Metric, MetricContext


class L1MetricSpec(MetricSpec, name="l1"):
    """Mean absolute difference of 8-bit pictures."""

    unasked: ClassVar[bool] = True
    protocol: ClassVar[str] = (
        "mean over pictures of the mean absolute difference of 8-bit values, 0 to 255"
    )

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.pixels import MeanAbsoluteDifference

        return MeanAbsoluteDifference()


class PSNRSpec(MetricSpec, name="psnr"):
    """Peak signal-to-noise ratio of 8-bit pictures."""

    lower_is_better: ClassVar[bool] = False
    unasked: ClassVar[bool] = True
    protocol: ClassVar[str] = (
        "mean over pictures of 10 log10(255^2 / mean squared difference) in dB; "
        "infinite where a picture equals its target"
    )

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.pixels import PeakSignalToNoise

        return PeakSignalToNoise()
