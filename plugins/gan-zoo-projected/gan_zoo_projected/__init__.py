"""A discriminator on the features of a frozen backbone, for gan-zoo."""

from __future__ import annotations

from pathlib import Path

from gan_zoo.components import DiscriminatorSpec, hookimpl
from gan_zoo_projected.specs import ProjectedSpec, TogetherSpec


@hookimpl
def gan_zoo_components() -> list[type[DiscriminatorSpec]]:
    """The menu of specs.py."""
    return [ProjectedSpec, TogetherSpec]


@hookimpl
def gan_zoo_recipes() -> list[Path]:
    """Recipes that use it."""
    return [Path(__file__).parent / "recipes"]
