"""The built-in discriminators."""

from __future__ import annotations

from gan_zoo.components import DiscriminatorSpec, hookimpl
from gan_zoo_discriminators.multiscale_specs import MultiScaleSpec
from gan_zoo_discriminators.single_specs import PatchSpec, PixelSpec
from gan_zoo_discriminators.unet_specs import UNetSpec


@hookimpl
def gan_zoo_components() -> list[type[DiscriminatorSpec]]:
    """The menu of specs.py."""
    return [PatchSpec, PixelSpec, MultiScaleSpec, UNetSpec]
