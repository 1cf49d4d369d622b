"""Whose steps are measured on a GPU, and how small they are where only the path is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_zoo.recipe.recipe import Recipe


@dataclass(frozen=True)
class Case:
    """Whose step it is.

    Args:
        recipe: Its name.
        words: What is changed of it.
        small: What more is changed where only the path is tried.
        phase: The first if absent.
    """

    recipe: str
    words: Mapping[str, Any] = field(default_factory=dict)
    small: Mapping[str, Any] = field(default_factory=dict)
    phase: str | None = None

    def load(self, *, small: bool) -> Recipe:
        """The recipe."""
        usual = {"callbacks": None, **self.words, **(self.small if small else {})}
        return Recipe.load(self.recipe, set=usual)


NO_WEIGHTS = {"losses.perceptual.weights": "none"}  # VGG's cost no download; its work is the same
TINY = {"data.load": None, "data.crop": [32, 32], "generator.width": 4}

PIX2PIX = Case("pix2pix", {}, {**TINY, "generator.depth": 5, "discriminator.width": 4})
HD = Case(
    "pix2pixhd_512",
    NO_WEIGHTS,
    {
        "data.classes": 5,
        "generator.width": 4,
        "generator.downsamplings": 2,
        "generator.blocks": 1,
        "discriminator.each.width": 4,
        "phases.coarse.size": [16, 32],
    },
)
JOINT = Case(
    "pix2pixhd",
    NO_WEIGHTS,
    {
        "data.classes": 5,
        "generator.blocks": 1,
        "generator.coarse": {"use": "global", "width": 4, "downsamplings": 2, "blocks": 1},
        "discriminator.each.width": 4,
        "phases.coarse.size": [16, 32],
        "phases.enhance.size": [32, 64],
        "phases.joint.size": [32, 64],
    },
    "joint",
)
CYCLEGAN = Case(  # a step that remembers earlier pictures is not recorded
    "cyclegan/cyclegan",
    {"method.pool": 0},
    {**TINY, "generator.blocks": 1, "discriminator.width": 4},
)
