"""The menu: what a recipe may say of SPADE's generator, discriminator and first weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, PositiveInt

from gan_zoo.components import (
    ContractError,
    GeneratorSpec,
    Image,
    InitSpec,
    Single,
    convolved_side,
    receptive_field,
    require_halvings,
)
from gan_zoo_spade.options import KERNEL, PADDING, PlainNorm

if TYPE_CHECKING:
    from torch import nn


NARROWINGS = 4  # blocks of the published generator that halve their channels
MOST = 7  # doublings of the largest published generator


class SPADEGeneratorSpec(GeneratorSpec, name="generator"):
    """Features that grow from a small start, with norms whose scale and shift are painted by the
    condition at every size (Park et al. 2019, sec. 3); without the encoder of styles.

    The condition is meant to be a map, as one_hot and boundary make it. It is resized by nearest.
    """

    exportable = True

    width: PositiveInt = 64
    """Channels of the picture's features, doubled inwards up to 16 times as many; half with 7
    levels."""
    levels: int = Field(5, ge=1, le=MOST)
    """Number of doublings: 5, published also 6 ("more") and 7 ("most"); height and width must be
    multiples of 2^levels. Fewer than 5 leave out the widest channels."""
    norm: PlainNorm = "batch"
    """What the condition scales and shifts: statistics of the batch (published) or of each picture.
    """
    hidden: PositiveInt = 128
    """Channels between the condition and the scales and shifts that it paints."""
    kernel: Literal[1, 3, 5] = 3
    """Of the convolutions over the condition; the paper compares these."""
    spectral: bool = True
    """Weights of the blocks divided by their spectral norm (Miyato et al. 2018), the convolutions
    over the condition excepted."""

    @classmethod
    def example(cls) -> Self:
        """Two doublings of a few channels; spectral norm makes every build slow."""
        return cls(width=4, levels=2, hidden=4, spectral=False)

    def check(self, given: Image, wanted: Image) -> None:
        """Sides must lead to a start of whole pixels, of which a norm can take statistics."""
        if self.levels == MOST and self.width == 1:
            raise ContractError(
                f"levels {MOST} ends with half of the channels, and width 1 cannot be halved. Use "
                f"width 2 or more, or levels <= {MOST - 1}",
                option="width",
            )
        require_halvings(given, self.levels, option="levels")
        side = self.multiple()
        if self.norm == "instance" and given.size == (side, side):
            raise ContractError(
                f"norm instance makes a single pixel zero, and levels {self.levels} starts "
                f"{side}x{side} with one. Use {2 * side}x{2 * side} or more, or norm batch",
                option="norm",
            )

    def multiple(self) -> int:
        """2^levels."""
        return int(2**self.levels)

    def features(self, given: Image, wanted: Image) -> Image:
        """As high and wide as the picture."""
        return given.with_channels(self.widths()[-1])

    def parts(self) -> Mapping[str, str]:
        """The first features, the blocks that grow them, and the last convolution."""
        return {"start": "start", "blocks": "blocks", "last": "last"}

    def widths(self) -> list[int]:
        """Channels of the first features, then those that each block gives."""
        narrowings = min(self.levels - 1, NARROWINGS)
        widest = self.width * 2**narrowings
        halves = narrowings + (self.levels == MOST)
        return [widest] * 4 + [widest // 2**n for n in range(1, halves + 1)]

    def doubled(self) -> list[bool]:
        """Whether the sides double before each block. The third does not before a sixth level."""
        narrowing = len(self.widths()) - 4
        return [False, True, self.levels > NARROWINGS + 1] + [True] * narrowing

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A Generator."""
        from gan_zoo_spade.generator import Generator

        return Generator(
            channels_in=given.channels,
            channels_out=wanted.channels,
            widths=self.widths(),
            doubled=self.doubled(),
            norm=self.norm,
            hidden=self.hidden,
            kernel=self.kernel,
            spectral=self.spectral,
        )


class SPADEPatchSpec(Single, name="patch"):
    """A logit for every overlapping patch (Park et al. 2019, sec. 3): pix2pixHD's discriminator
    with spectral norm in its hidden layers, which have no bias. `multiscale` holds two of them.
    """

    exportable = True

    layers: PositiveInt = 3
    """Halvings; 3 are published, and see 70 pixels."""
    width: PositiveInt = 64
    """Channels of the first layer; they double with every layer up to the cap."""
    max_width: PositiveInt = 512
    """Cap of the channels."""
    norm: PlainNorm = "instance"
    """Normalization of the hidden layers."""
    spectral: bool = True
    """Weights of the hidden layers divided by their spectral norm (Miyato et al. 2018); the first
    layer and the head never are."""
    conditional: bool = True
    """Whether it sees the condition beside the picture."""

    @classmethod
    def example(cls) -> Self:
        """Two halvings of a few channels; spectral norm makes every build slow."""
        return cls(layers=2, width=4, max_width=8, spectral=False)

    def check(self, given: Image, wanted: Image) -> None:
        """A norm must have more than one number to work on."""
        single = [image for image in self.views(given, wanted)[0][1:-1] if image.size == (1, 1)]
        if self.norm == "instance" and single:
            raise ContractError(
                f"norm instance sees a single pixel, which it makes zero, in a layer of "
                f"{single[0].channels} channels: the picture has {wanted}. Use a larger picture, "
                "or norm batch",
                option="norm",
            )

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """One scale: layers + 1 feature maps and the logits."""
        view, image = [], wanted
        for channels, stride in zip([*self.widths(), 1], self._strides(), strict=True):
            height, width = (
                convolved_side(side, kernel=KERNEL, stride=stride, padding=PADDING)
                for side in (image.height, image.width)
            )
            image = Image(channels, height, width)
            view.append(image)
        return [view]

    def receptive_field(self) -> int:
        """70 for 3 layers."""
        return receptive_field((KERNEL, stride) for stride in self._strides())

    def widths(self) -> list[int]:
        """Channels of every feature map."""
        doubled = (min(self.width * 2**n, self.max_width) for n in range(1, self.layers + 1))
        return [self.width, *doubled]

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A Patch."""
        from gan_zoo_spade.discriminator import Patch

        return Patch(
            channels_in=(given.channels if self.conditional else 0) + wanted.channels,
            widths=self.widths(),
            norm=self.norm,
            spectral=self.spectral,
            conditional=self.conditional,
        )

    def _strides(self) -> list[int]:
        """Of the feature maps and the head: the last two keep the size."""
        return [2] * self.layers + [1, 1]


class SPADEXavierSpec(InitSpec, name="xavier"):
    """Xavier's normal weights (Glorot and Bengio 2010) as the published networks got them: their
    program reached no weight under spectral norm on a GPU, so those stay as they were built. Small
    weights there would not show, being divided by their norm, but move more with every step.
    """

    gain: float = Field(0.02, gt=0)
    """Factor of the deviation."""

    def build(self) -> Callable[[nn.Module], None]:
        """Fills convolutions and linear layers; biases become zero."""
        from functools import partial

        from gan_zoo_spade.inits import fill

        return partial(fill, gain=self.gain)
