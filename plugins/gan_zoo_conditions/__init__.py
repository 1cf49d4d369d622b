"""Built-in conditions."""

from __future__ import annotations

from collections.abc import Iterable

from gan_zoo.components import Spec, hookimpl
from gan_zoo_conditions.instance_features_specs import InstanceFeaturesSpec
from gan_zoo_conditions.specs import BoundarySpec, ImageSpec, NoiseSpec, OneHotSpec


@hookimpl
def gan_zoo_components() -> Iterable[type[Spec]]:
    """The conditions."""
    return [ImageSpec, OneHotSpec, BoundarySpec, NoiseSpec, InstanceFeaturesSpec]
