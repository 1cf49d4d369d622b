"""The menu of generators: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, PositiveInt

from gan_zoo.shapes import Image, require_halvings
from gan_zoo.specs import GeneratorSpec, Published
from gan_zoo_generators import published

if TYPE_CHECKING:
    from torch import nn


class UNetSpec(GeneratorSpec, name="unet"):
    """Encoder and decoder joined by skips (Isola et al. 2017, sec. 3.2.1)."""

    width: PositiveInt = 64
    """Channels of the first level; they double inwards, up to 8 times as many."""
    depth: int = Field(8, ge=2)
    """Number of halvings; height and width must be multiples of 2^depth."""
    norm: Literal["batch", "instance", "none"] = "batch"
    """Normalization of the hidden levels; only `instance` gives their convolutions a bias."""
    dropout: Literal["none", "code", "paper"] = "code"
    """Decoder levels with dropout 0.5: `paper` 1 to 3, `code` (published PyTorch) 2 to depth-4."""

    @classmethod
    def example(cls) -> Self:
        """Three levels of a few channels."""
        return cls(width=4, depth=3)

    def check(self, given: Image, wanted: Image) -> None:
        """Sides must survive every halving."""
        require_halvings(given, self.depth, option="depth")

    def multiple(self) -> int:
        """2^depth."""
        return int(2**self.depth)

    def parts(self) -> Mapping[str, str]:
        """The way down and the way up."""
        return {"encoder": "encoder", "decoder": "decoder"}

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A UNet."""
        from gan_zoo_generators.unet import UNet

        return UNet(
            channels_in=given.channels,
            channels_out=wanted.channels,
            width=self.width,
            depth=self.depth,
            norm=self.norm,
            dropout=self.dropout,
        )

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_G.pth` of the published PyTorch pix2pix."""
        return [Published("G", published.unet_keys(self.depth, self.norm), published.unet_options)]


class EncoderDecoderSpec(GeneratorSpec, name="encoder_decoder"):
    """The U-Net with its skips cut (Isola et al. 2017, sec. 4.3); published for Lua Torch only."""

    width: PositiveInt = 64
    """Channels of the first level; they double inwards, up to 8 times as many."""
    depth: int = Field(8, ge=2)
    """Number of halvings; height and width must be multiples of 2^depth."""
    norm: Literal["batch", "instance", "none"] = "batch"
    """Normalization of the hidden levels; only `instance` gives their convolutions a bias."""
    dropout: Literal["none", "paper"] = "paper"
    """Decoder levels with dropout 0.5: `paper` 1 to 3, the only published placement."""

    @classmethod
    def example(cls) -> Self:
        """Three levels of a few channels."""
        return cls(width=4, depth=3)

    def check(self, given: Image, wanted: Image) -> None:
        """Sides must survive every halving."""
        require_halvings(given, self.depth, option="depth")

    def multiple(self) -> int:
        """2^depth."""
        return int(2**self.depth)

    def parts(self) -> Mapping[str, str]:
        """The way down and the way up."""
        return {"encoder": "encoder", "decoder": "decoder"}

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """An EncoderDecoder."""
        from gan_zoo_generators.encoder_decoder import EncoderDecoder

        return EncoderDecoder(
            channels_in=given.channels,
            channels_out=wanted.channels,
            width=self.width,
            depth=self.depth,
            norm=self.norm,
            dropout=self.dropout,
        )
