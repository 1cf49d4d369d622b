"""Built-in losses."""

from __future__ import annotations

from collections.abc import Iterable

from gan_zoo.components import Spec, hookimpl
from gan_zoo_losses.feature_specs import FeatureMatchingSpec, PerceptualSpec
from gan_zoo_losses.specs import (
    AdversarialSpec,
    CharbonnierSpec,
    GradientPenaltySpec,
    L1Spec,
    L2Spec,
    R1Spec,
    TotalVariationSpec,
)


@hookimpl
def gan_zoo_components() -> Iterable[type[Spec]]:
    """The losses."""
    return [
        AdversarialSpec,
        L1Spec,
        L2Spec,
        CharbonnierSpec,
        TotalVariationSpec,
        FeatureMatchingSpec,
        PerceptualSpec,
        GradientPenaltySpec,
        R1Spec,
    ]
