"""Built-in metrics."""

from __future__ import annotations

from collections.abc import Iterable

from gan_zoo.components import Spec, hookimpl
from gan_zoo_metrics.segmentation_specs import SegmentationSpec
from gan_zoo_metrics.specs import L1MetricSpec, PSNRSpec


@hookimpl
def gan_zoo_components() -> Iterable[type[Spec]]:
    """The metrics."""
    return [L1MetricSpec, PSNRSpec, SegmentationSpec]
