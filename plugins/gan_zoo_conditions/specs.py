"""The menu of conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveInt, Strict

from gan_zoo.components import (
    ConditionSpec,
    ContractError,
    Image,
)

if TYPE_CHECKING:
    from torch import nn


Ids = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Strict(False)]  # YAML knows lists only


class ImageSpec(ConditionSpec, name="image"):
    """A picture of the sample as it is, in [-1, 1] (Isola et al. 2017, fig. 2)."""

    exportable = True

    map: str = "source"
    """Which map of the data."""

    def needs(self) -> tuple[str, ...]:
        """The one map."""
        return (self.map,)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """The map's own shape."""
        image = maps[self.map]
        if image.ids:
            use = "one_hot" if image.classes is not None else "boundary"
            raise ContractError(
                f"image shows colors, and {self.map} holds {_kind(image)}; {{use: {use}, map: "
                f"{self.map}}} shows them",
                option="map",
            )
        return image

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Named maps -> the picture `B C H W`."""
        from gan_zoo_conditions.image import ImageCondition

        return ImageCondition(map=self.map)


class OneHotSpec(ConditionSpec, name="one_hot"):
    """A channel for each class of a label map, 1 where the pixel is of it, else 0 (Wang et al.
    2018, sec. 3.3). What is no class, as the data's ignored ids, is in none of these channels.
    """

    exact_in_half = True
    exportable = True

    map: str = "label"
    """Which map of the data; it says how many classes there are."""
    ignore: Ids = ()
    """Classes that are shown as no class; ids beyond the classes are that already."""
    ignore_as: Literal["zero", "channel"] = "zero"
    """What is no class: zero in all channels, or 1 in an additional last one."""

    def needs(self) -> tuple[str, ...]:
        """The one map."""
        return (self.map,)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """A channel for each class, and perhaps one for the rest."""
        image = maps[self.map]
        if image.classes is None:
            raise ContractError(
                f"one_hot shows ids of classes, and {self.map} holds {_kind(image)}; "
                + _others(maps, [name for name, other in maps.items() if other.classes])
                + (f", or {{use: boundary, map: {self.map}}}" if image.ids else "")
                + ("" if image.ids else f", or {{use: image, map: {self.map}}}"),
                option="map",
            )
        if beyond := [id for id in self.ignore if id >= image.classes]:
            raise ContractError(
                f"{beyond[0]} is no class of {self.map}, which has 0 to {image.classes - 1}, so "
                "one_hot ignores it already where the data lets it through; leave it out",
                option="ignore",
            )
        return image.with_channels(image.classes + (self.ignore_as == "channel"))

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Named maps -> zeros and ones `B C H W`."""
        from gan_zoo_conditions.one_hot import OneHot

        classes = maps[self.map].classes
        assert classes is not None, "gives() refuses it"
        return OneHot(map=self.map, classes=classes, ignore=self.ignore, ignore_as=self.ignore_as)


class BoundarySpec(ConditionSpec, name="boundary"):
    """Where ids change: 1 at pixels whose left, right, upper or lower neighbor has another id, else
    0 (Wang et al. 2018, sec. 3.3). Lines are two pixels wide.
    """

    exact_in_half = True
    exportable = True

    map: str = "instance"
    """Which map of the data."""

    def needs(self) -> tuple[str, ...]:
        """The one map."""
        return (self.map,)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """One channel."""
        image = maps[self.map]
        if not image.ids:
            raise ContractError(
                f"boundary is drawn between ids, and {self.map} holds {_kind(image)}; "
                + _others(maps, [name for name, other in maps.items() if other.ids]),
                option="map",
            )
        return image.with_channels(1)

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Named maps -> zeros and ones `B 1 H W`."""
        from gan_zoo_conditions.boundary import Boundary

        return Boundary(map=self.map)


class NoiseSpec(ConditionSpec, name="noise"):
    """Normal noise, drawn anew for every picture, in inference too, where the seed repeats it (the
    z of Goodfellow et al. 2014). It has the size of a map, whose pixels it does not look at.
    """

    by_chance = True

    seen_by: Literal["both", "generator"] = "generator"
    """Whether the discriminator sees it too."""
    map: str = "source"
    """Which map of the data has the size; one that translation gives, as another condition's."""
    channels: PositiveInt = 1
    """How many channels of noise."""

    def needs(self) -> tuple[str, ...]:
        """The one map, for its size."""
        return (self.map,)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """So many channels."""
        return maps[self.map].with_channels(self.channels)

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Named maps -> noise `B C H W`."""
        from gan_zoo_conditions.noise import Noise

        return Noise(map=self.map, channels=self.channels)


def _kind(image: Image) -> str:
    """What a map holds, in words."""
    if image.classes is not None:
        return f"ids of {image.classes} classes"
    if image.instances is not None:
        return "ids of instances, which are no closed set of classes"
    return f"a picture of {image.channels} channel{'s' if image.channels > 1 else ''}"


def _others(maps: Mapping[str, Image], fit: list[str], option: str = "map") -> str:
    """Which maps would do."""
    if not fit:
        return f"the data has no such map (it gives {', '.join(maps)})"
    return f"use {option}: {' or '.join(fit)}"
