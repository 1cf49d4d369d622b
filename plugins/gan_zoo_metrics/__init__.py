"""Built-in metrics."""

from __future__ import annotations

from collections.abc import Iterable

from gan_zoo.components import Spec, hookimpl
from gan_zoo_metrics.extra_specs import SPECS as EXTRA
from gan_zoo_metrics.feature_distance_specs import FeatureDistanceSpec
from gan_zoo_metrics.segmentation_specs import SegmentationSpec
from gan_zoo_metrics.specs import (
    DiversitySpec,
    L1MetricSpec,
    LabHistogramSpec,
    MSSSIMSpec,
    PSNRSpec,
    SharpnessSpec,
    SSIMSpec,
)


@hookimpl
def gan_zoo_components() -> Iterable[type[Spec]]:
    """The metrics."""
    return [
        L1MetricSpec,
        PSNRSpec,
        SSIMSpec,
        MSSSIMSpec,
        SharpnessSpec,
        LabHistogramSpec,
        DiversitySpec,
        FeatureDistanceSpec,
        SegmentationSpec,
        *EXTRA,
    ]
