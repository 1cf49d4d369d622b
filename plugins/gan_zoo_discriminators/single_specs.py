"""The menu of discriminators of one scale: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt, model_validator

from gan_zoo.components import (
    ContractError,
    Image,
    Norm,
    Published,
    Reading,
    Shapes,
    Single,
    convolved_side,
    receptive_field,
)
from gan_zoo_discriminators import published

if TYPE_CHECKING:
    from typing import Self

    from torch import nn


KERNEL = 4  # of every convolution of the PatchGAN


class PatchSpec(Single, name="patch"):
    """PatchGAN: a logit for every overlapping patch (Isola et al. 2017, sec. 3.2.2)."""

    exportable = True

    layers: PositiveInt = 3
    """Halvings; 1, 3 and 5 are the paper's 16, 70 and 286 pixel patches."""
    width: PositiveInt = 64
    """Channels of the first layer; they double with every layer up to the cap."""
    norm: Norm = "batch"
    """Normalization of the hidden layers."""
    padding: Literal[1, 2] = 1
    """Zeros around every layer: 1 in pix2pix, 2 in pix2pixHD."""
    max_multiple: PositiveInt | None = None
    """Cap of the channels in multiples of `width`; 8 where `max_width` is not given either."""
    max_width: PositiveInt | None = None
    """Cap of the channels as a number, 512 in pix2pixHD; in place of `max_multiple`."""
    bias: Literal["auto"] | bool = "auto"
    """Bias of the hidden layers; `auto` (pix2pix): for instance norm only. pix2pixHD: true."""
    spectral: bool = False
    """Every convolution divided by its spectral norm (Miyato et al. 2018), head included."""
    conditional: bool = True
    """Whether it sees the condition beside the picture."""

    @model_validator(mode="after")
    def _one_cap(self) -> Self:
        if self.max_multiple is not None and self.max_width is not None:
            raise ValueError(
                f"max_multiple {self.max_multiple} and max_width {self.max_width} are two caps of "
                "the same channels; leave one of them out"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Two halvings of a few channels."""
        return cls(layers=2, width=4)

    def check(self, given: Image, wanted: Image) -> None:
        """At least one logit must be left, and more than one number where a norm works."""
        sides = [side for side in (wanted.height, wanted.width) if side is not None]
        if not sides or min(sides) >= self._least_side(self.layers):
            require_statistics(self.norm, self.views(given, wanted)[0][1:-1], wanted)
            return
        fitting = [n for n in range(1, self.layers) if self._least_side(n) <= min(sides)]
        cure = f"layers <= {fitting[-1]}" if fitting else "the discriminator `pixel`"
        least = self._least_side(self.layers)
        raise ContractError(
            f"layers {self.layers} leaves no logit of a picture smaller than {least}x{least}; "
            f"it has {wanted}. Use a larger picture, or {cure}",
            option="layers",
        )

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """One scale: layers + 1 feature maps and the logits."""
        doubled = (min(self.width * 2**i, self._max_width()) for i in range(1, self.layers + 1))
        views, image = [], wanted
        for channels, stride in zip(
            [self.width, *doubled, 1], self._strides(self.layers), strict=True
        ):
            height, width = (
                convolved_side(side, kernel=KERNEL, stride=stride, padding=self.padding)
                for side in (image.height, image.width)
            )
            image = Image(channels, height, width)
            views.append(image)
        return [views]

    def receptive_field(self) -> int:
        """70 for 3 layers."""
        return receptive_field((KERNEL, stride) for stride in self._strides(self.layers))

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A PatchDiscriminator."""
        from gan_zoo_discriminators.patch import PatchDiscriminator

        return PatchDiscriminator(
            channels_in=channels_in(given, wanted, conditional=self.conditional),
            layers=self.layers,
            width=self.width,
            max_width=self._max_width(),
            norm=self.norm,
            padding=self.padding,
            bias=has_bias(self.bias, self.norm),
            spectral=self.spectral,
            conditional=self.conditional,
        )

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_D.pth` of the published pix2pix, which has padding 1."""
        if self.padding != 1 or not is_published(self.norm, spectral=self.spectral):
            return []  # the tensors may fit, and compute something else
        keys = published.patch_keys(self.layers, self.norm, bias=has_bias(self.bias, self.norm))
        return [Published("D", keys)]

    @classmethod
    def recognize(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pix."""
        return published.read_patch(shapes)

    def _max_width(self) -> int:
        """The cap of the channels, which never narrows the first layer."""
        return self.max_width or self.width * (self.max_multiple or 8)

    @staticmethod
    def _strides(layers: int) -> list[int]:
        """Strides of the hidden layers and the head: the last two keep the size."""
        return [2] * layers + [1, 1]

    def _least_side(self, layers: int) -> int:
        """The smallest side that leaves one logit, layer by layer from the logit down."""
        side = 1
        for stride in reversed(self._strides(layers)):
            side = max(1, (side - 1) * stride + KERNEL - 2 * self.padding)
        return side


class PixelSpec(Single, name="pixel"):
    """PixelGAN: every pixel is judged alone, by 1x1 convolutions (Isola et al. 2017, sec. 4.4)."""

    exportable = True

    width: PositiveInt = 64
    """Channels of the first layer; the second has twice as many."""
    norm: Norm = "batch"
    """Normalization of the second layer."""
    bias: Literal["auto"] | bool = "auto"
    """Bias of the second layer and the head; `auto` (pix2pix): for instance norm only."""
    spectral: bool = False
    """Every convolution divided by its spectral norm (Miyato et al. 2018), head included."""
    conditional: bool = True
    """Whether it sees the condition beside the picture."""

    @classmethod
    def example(cls) -> Self:
        """A few channels."""
        return cls(width=4)

    def check(self, given: Image, wanted: Image) -> None:
        """A norm must have more than one number to work on."""
        require_statistics(self.norm, self.views(given, wanted)[0][1:-1], wanted)

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """One scale: two feature maps and the logits, all as large as the picture."""
        return [[wanted.with_channels(channels) for channels in (self.width, 2 * self.width, 1)]]

    def receptive_field(self) -> int:
        """One pixel."""
        return 1

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A PixelDiscriminator."""
        from gan_zoo_discriminators.patch import PixelDiscriminator

        return PixelDiscriminator(
            channels_in=channels_in(given, wanted, conditional=self.conditional),
            width=self.width,
            norm=self.norm,
            bias=has_bias(self.bias, self.norm),
            spectral=self.spectral,
            conditional=self.conditional,
        )

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_D.pth` of the published pix2pix."""
        if not is_published(self.norm, spectral=self.spectral):
            return []
        keys = published.pixel_keys(self.norm, bias=has_bias(self.bias, self.norm))
        return [Published("D", keys)]

    @classmethod
    def recognize(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pix."""
        return published.read_pixel(shapes)


def channels_in(given: Image, wanted: Image, *, conditional: bool) -> int:
    """Channels that a discriminator sees; a condition may have none."""
    return (given.channels if conditional else 0) + wanted.channels


def has_bias(bias: bool | Literal["auto"], norm: str) -> bool:
    """What `auto` means: as published, instance norm only."""
    return norm == "instance" if bias == "auto" else bias


def require_statistics(norm: Norm, normed: Iterable[Image], wanted: Image) -> None:
    """Refuse a picture of which a norm over each channel, or group of one, sees a single pixel: it
    would be zero.

    Raises:
        ContractError: says the cure.
    """
    for image in normed:
        alone = norm == "instance" or (norm == "group" and image.channels == 1)
        if alone and image.size == (1, 1):
            raise ContractError(
                f"norm {norm} sees a single pixel, which it makes zero, in a layer of "
                f"{image.channels} channels: the picture has {wanted}. Use a larger picture, or "
                "norm batch",
                option="norm",
            )


def is_published(norm: str, *, spectral: bool) -> bool:
    """Whether a published program has such layers."""
    return norm != "group" and not spectral
