"""The U-Net discriminator: a verdict on places of the picture, and one on every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components import Norm
from gan_zoo_discriminators.patch import Beside, beside, convolution, layer, seen, views


class UNetDiscriminator(Beside):
    """An encoder that judges, and a decoder that goes on from what it found to a logit for every
    pixel (Schönfeld et al. 2020, sec. 3.1).

    Condition `B C H W` and picture `B D H W` -> two views: the decoder's feature maps, the coarsest
    first, with logits `B 1 H W`; and the encoder's, `B E H/2^k W/2^k`, with logits
    `B 1 H/2^n W/2^n`. Sides are rounded down where they are halved, and are those of the skips
    where they are doubled. Each map comes after its LeakyReLU.

    The encoder is the PatchGAN's halving layers. Its verdict is linear in the deepest features, one
    for every place of them, where the paper's, BigGAN's, is one of their sum over the picture. The
    decoder doubles by nearest neighbors, joins the skip of that size and convolves 3x3; at full
    size there is no skip. Its layers are plain where the paper's are residual.

    Args:
        channels_in: C + D, or D alone where it is not conditional.
        layers: Number n of halvings.
        width: Channels of the first and of the last feature map; they double inwards up to the cap.
        max_width: The cap.
        norm: Norm of every feature map but the encoder's first.
        bias: Whether all layers have a bias; the first and the heads always do.
        spectral: Whether every convolution is divided by its spectral norm.
        conditional: Whether the condition is looked at.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        layers: int,
        width: int,
        max_width: int,
        norm: Norm,
        bias: bool,
        spectral: bool,
        conditional: bool,
    ) -> None:
        super().__init__(takes_several=not spectral)
        self.conditional = conditional
        widths = [width, *(min(width * 2**i, max_width) for i in range(1, layers))]

        def convolved(channels: int, wanted: int, kernel: int, **how: Any) -> nn.Conv2d:
            return convolution(channels, wanted, kernel, spectral=spectral, **how)

        self.encoder = nn.ModuleList(
            layer(
                convolved(channels, wider, 4, stride=2, padding=1, bias=bias or i == 0),
                norm if i else "none",
            )
            for i, (channels, wider) in enumerate(pairwise([channels_in, *widths]))
        )
        self.encoder_head = convolved(widths[-1], 1, 1, bias=True)
        inwards = [0, *widths]  # of the skip at every level, from full size on
        self.decoder = nn.ModuleList()
        deeper = widths[-1]
        for skip, narrower in zip(inwards[-2::-1], [*widths[-2::-1], width], strict=True):
            joined = convolved(deeper + skip, narrower, 3, padding=1, bias=bias)
            self.decoder.append(layer(joined, norm))
            deeper = narrower
        self.decoder_head = convolved(width, 1, 1, bias=True)

    def forward(self, condition: Tensor, picture: Tensor | Sequence[Tensor]) -> list[Any]:
        """Judge a batch; of several pictures beside one condition, each. What the first convolution
        makes of the condition is computed once, since it is linear.
        """
        first: Any = self.encoder[0]
        if isinstance(picture, Tensor):
            shown = seen(condition, picture, self.conditional)
            return self._judged(first(shown), picture)
        if not self.conditional or not condition.shape[1]:
            return [self._judged(first(one), one) for one in picture]
        made = beside(condition, picture, first.conv)
        return [self._judged(first[1:](x), one) for x, one in zip(made, picture, strict=True)]

    def _judged(self, first: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """The views, from the encoder's first feature map on."""
        encoded = [first, *views(first, [*self.encoder][1:])]
        x, skips = encoded[-1], [*encoded[:-1]]
        decoded = []
        for up in self.decoder:
            skip = skips.pop() if skips else None
            sides = picture.shape[-2:] if skip is None else skip.shape[-2:]
            x = F.interpolate(x, size=sides, mode="nearest")
            x = up(x if skip is None else torch.cat([skip, x], dim=1))
            decoded.append(x)
        return [[*decoded, self.decoder_head(x)], [*encoded, self.encoder_head(encoded[-1])]]
