"""Built-in conditions."""

from __future__ import annotations

from collections.abc import Iterable

from gan_zoo.hooks import hookimpl
from gan_zoo.specs import Spec
from gan_zoo_conditions.specs import (
    BoundarySpec,
    ImageSpec,
    InstanceFeaturesSpec,
    NoiseSpec,
    OneHotSpec,
)


@hookimpl
def gan_zoo_components() -> Iterable[type[Spec]]:
    """The conditions."""
    return [ImageSpec, OneHotSpec, BoundarySpec, NoiseSpec, InstanceFeaturesSpec]
