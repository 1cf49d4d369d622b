"""The menu of conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gan_zoo.shapes import Image
from gan_zoo.specs import ConditionSpec

if TYPE_CHECKING:
    from torch import nn


class ImageSpec(ConditionSpec, name="image"):
    """A picture of the sample as it is, in [-1, 1] (Isola et al. 2017, fig. 2)."""

    map: str = "source"
    """Which map of the data."""

    def needs(self) -> tuple[str, ...]:
        """The one map."""
        return (self.map,)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """The map's own shape."""
        return maps[self.map]

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Named maps -> the picture `B C H W`."""
        from gan_zoo_conditions.image import ImageCondition

        return ImageCondition(map=self.map)
