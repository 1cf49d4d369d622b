"""What specs of generators share: levels of a U-Net, stages of a residual net. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, PositiveInt

from gan_zoo.components import GeneratorSpec, Image, Norm, require_halvings
from gan_zoo_generators.contracts import (
    Activation,
    Padding,
    Upsampling,
    require_mirror,
    require_statistics,
)

if TYPE_CHECKING:
    from torch import nn


class Levels(GeneratorSpec):
    """What the U-Net shares with the same net without skips."""

    exportable = True

    width: PositiveInt = 64
    """Channels of the first level; they double inwards, up to 8 times as many."""
    depth: int = Field(8, ge=2)
    """Number of halvings; height and width must be multiples of 2^depth."""
    norm: Norm = "batch"
    """Normalization of the hidden levels; only `instance` gives their convolutions a bias."""
    upsampling: Upsampling = "transposed"
    """How the decoder doubles the sides; `transposed` is published, and can show as checkers."""
    padding: Padding = "zero"
    """What surrounds the convolutions; around transposed ones there are always zeros."""
    activation: Activation = "relu"
    """`relu` (published): LeakyReLU 0.2 on the way down and ReLU on the way up; `silu` on both."""

    @classmethod
    def example(cls) -> Self:
        """Three levels of a few channels."""
        return cls(width=4, depth=3)

    def check(self, given: Image, wanted: Image) -> None:
        """Sides must survive every halving."""
        require_halvings(given, self.depth, option="depth")
        if self.padding == "reflect" and self.upsampling == "pixel_shuffle":
            cure = f"another upsampling, or padding replicate, or depth < {self.depth}"
            require_mirror(given, self.depth, option="depth", cure=cure)

    def multiple(self) -> int:
        """2^depth."""
        return int(2**self.depth)

    def features(self, given: Image, wanted: Image) -> Image:
        """Half as high and wide: the last level doubles too."""
        height, width = (side and side // 2 for side in (given.height, given.width))
        return Image(self._last(), height, width)

    def parts(self) -> Mapping[str, str]:
        """The way down and the way up."""
        return {"encoder": "encoder", "decoder": "decoder"}

    def _layers(self, given: Image, wanted: Image) -> dict[str, Any]:
        """What both nets are built of."""
        return {
            "channels_in": given.channels,
            "channels_out": wanted.channels,
            "width": self.width,
            "depth": self.depth,
            "norm": self.norm,
            "upsampling": self.upsampling,
            "padding": self.padding,
            "activation": self.activation,
        }

    def _last(self) -> int:
        """Channels that the last level of the decoder takes."""
        return self.width


class Residual(GeneratorSpec):
    """Residual blocks between halvings and doublings."""

    exportable = True

    width: PositiveInt = 64
    """Channels at full resolution; they double with every halving."""
    blocks: PositiveInt = 9
    """Number of residual blocks."""
    downsamplings: PositiveInt = 2
    """Number of halvings; height and width must be multiples of 2^downsamplings."""
    norm: Norm = "batch"
    """Normalization after every convolution but the last."""
    upsampling: Upsampling = "transposed"
    """How the decoder doubles the sides; `transposed` is published, and can show as checkers."""
    padding: Padding = "reflect"
    """Around convolutions that keep the sides; halving and transposed ones always have zeros."""
    activation: Activation = "relu"
    """After every norm but those that end a block; `relu` is published."""

    @classmethod
    def example(cls) -> Self:
        """Two halvings and two blocks of a few channels."""
        return cls(width=4, blocks=2, downsamplings=2)

    def check(self, given: Image, wanted: Image) -> None:
        """Sides must survive every halving, and leave a neighbor to mirror."""
        require_halvings(given, self.downsamplings, option="downsamplings")
        if self.padding == "reflect":
            cure = "padding zero or replicate"
            require_mirror(given, self.downsamplings, option="downsamplings", cure=cure)
        elif self.norm == "instance":
            require_statistics(given, self.downsamplings, option="downsamplings")

    def multiple(self) -> int:
        """2^downsamplings."""
        return int(2**self.downsamplings)

    def features(self, given: Image, wanted: Image) -> Image:
        """As high and wide as the picture."""
        return given.with_channels(self.width)

    def parts(self) -> Mapping[str, str]:
        """The way down, the residual blocks and the way up."""
        return {"encoder": "encoder", "blocks": "blocks", "decoder": "decoder"}

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A ResNet."""
        from gan_zoo_generators.resnet import ResNet

        return ResNet(
            channels_in=given.channels,
            channels_out=wanted.channels,
            width=self.width,
            blocks=self.blocks,
            downsamplings=self.downsamplings,
            norm=self.norm,
            bias=self._biased(),
            dropout=self._drops(),
            upsampling=self.upsampling,
            padding=self.padding,
            activation=self.activation,
        )

    def _biased(self) -> bool:
        """Whether normed convolutions have a bias."""
        return True

    def _drops(self) -> bool:
        """Whether blocks drop half."""
        return False
