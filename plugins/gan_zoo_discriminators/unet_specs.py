"""The menu of U-Net discriminators: what a recipe may say of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveInt

from gan_zoo.components import ContractError, DiscriminatorSpec, Image, Norm
from gan_zoo_discriminators.single_specs import channels_in, require_statistics

if TYPE_CHECKING:
    from typing import Self

    from torch import nn


class UNetSpec(DiscriminatorSpec, name="unet"):
    """A U-Net that judges every pixel, and in its encoder every place of the picture (Schönfeld et
    al. 2020, sec. 3.1). The paper's CutMix and its consistency loss (sec. 3.2) are absent. Losses
    count the two verdicts as two scales: where the adversarial loss says `over_scales: sum`, it is
    the paper's sum of both, with a mean over pixels in place of a sum.

    Penalties take the slope of the sum of all logits, which are here as many as pixels: with a
    weight that suits `patch` they are far too strong. Fresh, at 64x64 (4100 logits in place of 36),
    its slope is some 30 times that of a `patch` with `norm: none` and `spectral: true`, and D_R1
    700 to 1000 times; without spectral norm in the `patch`, 10,000 times with torch's own init.
    Divide the weight of `r1` by what D_R1 of the first steps is to that of your `patch`. For
    `gradient_penalty` multiply `target` by the root of that, and divide the weight by all of it.
    """

    exportable = True

    layers: PositiveInt = 5
    """Halvings; the encoder's verdict is at 1/2^layers of the sides, which must have so many
    pixels."""
    width: PositiveInt = 64
    """Channels of the first layer and of the last one; they double inwards up to the cap."""
    max_multiple: PositiveInt = 8
    """Cap of the channels in multiples of `width`."""
    norm: Norm = "none"
    """Normalization of all feature maps but the first."""
    bias: bool = True
    """Bias of all layers but the first and the heads, which always have one."""
    spectral: bool = True
    """Every convolution divided by its spectral norm (Miyato et al. 2018), heads included."""
    conditional: bool = True
    """Whether it sees the condition beside the picture."""

    @classmethod
    def example(cls) -> Self:
        """Two halvings of a few channels; norms of weights would take most of the time."""
        return cls(layers=2, width=4, spectral=False)

    def check(self, given: Image, wanted: Image) -> None:
        """At least one place must be left, and more than one number where a norm works."""
        sides = [side for side in (wanted.height, wanted.width) if side is not None]
        if sides and min(sides) < 2**self.layers:
            fits = min(sides).bit_length() - 1
            cure = f"layers <= {fits}" if fits else "the discriminator `pixel`"
            raise ContractError(
                f"layers {self.layers} leaves nothing of a picture smaller than "
                f"{2**self.layers}x{2**self.layers}; it has {wanted}. Use a larger picture, or "
                f"{cure}",
                option="layers",
            )
        decoded, encoded = self.views(given, wanted)
        require_statistics(self.norm, [*encoded[1:-1], *decoded[:-1]], wanted)

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """Every pixel's: the decoder's feature maps, the coarsest first, and the logits. Then those
        of the encoder, the finest first.
        """
        encoded = [_at(wanted, level, wide) for level, wide in enumerate(self._widths(), start=1)]
        decoded = [*encoded[-2::-1], wanted.with_channels(self.width)]
        return [
            [*decoded, wanted.with_channels(1)],
            [*encoded, encoded[-1].with_channels(1)],
        ]

    def receptive_field(self) -> int:
        """That of a pixel's logit: of those that see farthest, as it depends on the pixel's place
        among those that are halved together. 158 for 5 layers.
        """
        return max(map(self._seen_at, range(2**self.layers)))

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A UNetDiscriminator."""
        from gan_zoo_discriminators.unet import UNetDiscriminator

        return UNetDiscriminator(
            channels_in=channels_in(given, wanted, conditional=self.conditional),
            layers=self.layers,
            width=self.width,
            max_width=self.width * self.max_multiple,
            norm=self.norm,
            bias=self.bias,
            spectral=self.spectral,
            conditional=self.conditional,
        )

    def _widths(self) -> list[int]:
        """Channels of the encoder's feature maps."""
        return [self.width * min(2**i, self.max_multiple) for i in range(self.layers)]

    def _seen_at(self, pixel: int) -> int:
        """How many pixels of a row the logit of one sees, away from the border."""
        first = last = pixel
        skips = []
        for _ in range(self.layers):  # inwards: convolved 3x3, made of the nearest of half the size
            first, last = first - 1, last + 1
            skips.append((first, last))
            first, last = first // 2, last // 2
        for skip in [*skips[:0:-1], None]:  # outwards: the encoder's 4x4; full size has no skip
            first, last = 2 * first - 1, 2 * last + 2
            if skip:
                first, last = min(first, skip[0]), max(last, skip[1])
        return last - first + 1


def _at(wanted: Image, level: int, channels: int) -> Image:
    """Feature maps at 1/2^level of the sides, rounded down."""
    sides = (side and side // 2**level for side in (wanted.height, wanted.width))
    return wanted.with_channels(channels).resized(*sides)
