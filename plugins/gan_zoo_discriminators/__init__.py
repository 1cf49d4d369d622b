"""The built-in discriminators."""

from __future__ import annotations

from gan_zoo.hooks import hookimpl
from gan_zoo.specs import DiscriminatorSpec
from gan_zoo_discriminators.specs import MultiScaleSpec, PatchSpec, PixelSpec


@hookimpl
def gan_zoo_components() -> list[type[DiscriminatorSpec]]:
    """The menu of specs.py."""
    return [PatchSpec, PixelSpec, MultiScaleSpec]
