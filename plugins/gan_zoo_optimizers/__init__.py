"""The built-in optimizers and inits."""

from __future__ import annotations

from gan_zoo.components import Spec, hookimpl
from gan_zoo_optimizers.specs import (
    AdamSpec,
    AdamWSpec,
    KaimingSpec,
    NormalSpec,
    OrthogonalSpec,
    SGDSpec,
    XavierSpec,
)


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The menu of specs.py."""
    return [AdamSpec, AdamWSpec, SGDSpec, NormalSpec, XavierSpec, KaimingSpec, OrthogonalSpec]
