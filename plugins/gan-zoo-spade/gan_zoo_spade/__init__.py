"""SPADE (Park et al. 2019, "Semantic Image Synthesis with Spatially-Adaptive Normalization")."""

from __future__ import annotations

from pathlib import Path

from gan_zoo.components import Spec, hookimpl
from gan_zoo_spade.specs import SPADEGeneratorSpec, SPADEPatchSpec, SPADEXavierSpec


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The menu of specs.py."""
    return [SPADEGeneratorSpec, SPADEPatchSpec, SPADEXavierSpec]


@hookimpl
def gan_zoo_recipes() -> list[Path]:
    """`spade`."""
    return [Path(__file__).parent / "recipes"]
