"""The menu of conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, Strict

from gan_zoo.errors import ContractError
from gan_zoo.published import Reading, Shapes
from gan_zoo.shapes import Image
from gan_zoo.specs import ConditionSpec, Norm, Published, Size
from gan_zoo_conditions.published import encoder_keys, read_encoder

if TYPE_CHECKING:
    from torch import nn

Ids = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Strict(False)]  # YAML knows lists only


class ImageSpec(ConditionSpec, name="image"):
    """A picture of the sample as it is, in [-1, 1] (Isola et al. 2017, fig. 2)."""

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


class InstanceFeaturesSpec(ConditionSpec, name="instance_features"):
    """What the picture looks like, instance by instance (Wang et al. 2018, sec. 3.4): an encoder,
    which learns through the generator, makes features of the target, and every pixel is shown the
    mean of its instance.

    A translation has no target: it is told the features as styles, `--style` of `gan-zoo
    translate`, once `gan-zoo features` has gathered some; without a style it takes their mean over
    the class, and where nothing was gathered zeros, the middle of their range.
    """

    per_phase = frozenset({"frozen_at"})

    seen_by: Literal["both", "generator"] = "generator"
    """Whether the discriminator sees it too."""
    over: str = "instance"
    """The map of ids whose pixels share their features: `instance`, or `label` for a class each."""
    channels: PositiveInt = 3
    """How many features."""
    width: PositiveInt = 16
    """Channels of the encoder at full size; they double with every halving."""
    downsamplings: PositiveInt = 4
    """How often the encoder halves the picture before it doubles it again."""
    norm: Norm = "instance"
    """Norm of the encoder."""
    frozen_at: Size | None = Field(None, examples=[[16, 16]])
    """The encoder rests and sees the picture at this [height, width] (bicubic, ids nearest), the
    size it has learned at, whatever the aspect ratio; its means are painted at full size. A phase
    may set it."""

    @classmethod
    def example(cls) -> Self:
        """A narrow encoder that halves once."""
        return cls(width=2, downsamplings=1)

    def needs(self) -> tuple[str, ...]:
        """The picture and the ids."""
        return ("target", self.over)

    def asks(self) -> tuple[str, ...]:
        """The ids; in place of the picture there are styles."""
        return (self.over,)

    def learns(self) -> bool:
        """Its encoder does, unless it is frozen."""
        return self.frozen_at is None

    def styles(self) -> str:
        """The map of ids that have features each."""
        return self.over

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """So many channels."""
        image, picture = maps[self.over], maps["target"]
        if not image.ids:
            raise ContractError(
                f"instance_features takes means over ids, and {self.over} holds {_kind(image)}; "
                + _others(maps, [name for name, other in maps.items() if other.ids], "over"),
                option="over",
            )
        if picture.ids:
            raise ContractError(
                f"instance_features encodes colors, and target holds {_kind(picture)}; leave it out"
            )
        self._check_size(picture)
        return image.with_channels(self.channels)

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Named maps -> features `B C H W`."""
        from gan_zoo_conditions.instance_features import Encoder

        encoder = Encoder(
            channels_in=maps["target"].channels,
            channels=self.channels,
            width=self.width,
            downsamplings=self.downsamplings,
            norm=self.norm,
        )
        slots = maps[self.over].instances or maps[self.over].classes
        assert slots is not None, "gives() refuses it"
        return self._around(encoder, slots)

    def staged(self, module: nn.Module) -> nn.Module:
        """The same encoder, frozen or not."""
        built: Any = module
        same = built.frozen_at == self.frozen_at
        return module if same else self._around(built.encoder, built.slots)

    def published(self, maps: Mapping[str, Image]) -> list[Published]:
        """pix2pixHD's encoder, latest_net_E.pth."""
        if self.norm == "group":
            return []
        return [Published("E", encoder_keys(self.downsamplings, self.norm))]

    @classmethod
    def read_off(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pixHD."""
        return read_encoder(shapes)

    def _around(self, encoder: nn.Module, slots: int) -> nn.Module:
        from gan_zoo_conditions.instance_features import InstanceFeatures

        return InstanceFeatures(
            encoder=encoder,
            over=self.over,
            slots=slots,
            channels=self.channels,
            frozen_at=self.frozen_at,
        )

    def _check_size(self, picture: Image) -> None:
        """The encoder can work at the size it sees."""
        height, width = self.frozen_at or (picture.height, picture.width)
        option = "frozen_at" if self.frozen_at else ""
        if height is None or width is None:
            return
        if min(height, width) < 4:
            raise ContractError(
                f"instance_features pads by 3 pixels of reflection, and the picture is {height}x"
                f"{width}; use sides of 4 or more",
                option=option,
            )
        if max(height, width) <= 2**self.downsamplings:
            most = (max(height, width) - 1).bit_length() - 1
            raise ContractError(
                f"downsamplings {self.downsamplings} leave one pixel of a picture of {height}x"
                f"{width}; use downsamplings <= {most}",
                option="downsamplings",
            )


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
