"""PatchGAN and PixelGAN: discriminators of one scale that judge small parts of a picture."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_zoo.layers import norm_layer
from gan_zoo.specs import Norm


class PatchDiscriminator(nn.Module):
    """A logit for every overlapping patch (Isola et al. 2017, sec. 3.2.2 and 6.1.2).

    Condition `B C H W` and picture `B D H W` -> one scale of feature maps `B E h w`, each after its
    LeakyReLU, and logits `B 1 h w`. Every layer but the last feature map's and the head halves.

    Args:
        channels_in: C + D, or D alone where it is not conditional.
        layers: Number of halvings; there is one feature map more.
        width: Channels E of the first feature map; they double up to the cap.
        max_width: The cap.
        norm: Norm of every feature map but the first.
        padding: Zeros around every layer, 1 (pix2pix) or 2 (pix2pixHD).
        bias: Whether the normed layers have a bias; the first layer and the head always do.
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
        padding: int,
        bias: bool,
        conditional: bool,
    ) -> None:
        super().__init__()
        self.conditional = conditional
        widths = [width, *(min(width * 2**i, max_width) for i in range(1, layers + 1))]
        self.features = nn.ModuleList(
            layer(
                nn.Conv2d(
                    channels,
                    wider,
                    4,
                    stride=2 if i < layers else 1,
                    padding=padding,
                    bias=bias or i == 0,
                ),
                norm if i > 0 else "none",
            )
            for i, (channels, wider) in enumerate(pairwise([channels_in, *widths]))
        )
        self.head = nn.Conv2d(widths[-1], 1, 4, padding=padding)

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Judge a batch."""
        return [views(seen(condition, picture, self.conditional), (*self.features, self.head))]


class PixelDiscriminator(nn.Module):
    """A logit for every pixel, from 1x1 convolutions (Isola et al. 2017, sec. 4.4 and 6.1.2).

    Condition `B C H W` and picture `B D H W` -> one scale of feature maps `B h H W`, `B 2h H W`,
    each after its LeakyReLU, and logits `B 1 H W`.

    Args:
        channels_in: C + D, or D alone where it is not conditional.
        width: h.
        norm: Norm of the second feature map.
        bias: Whether the second layer and the head have a bias. That the head's goes with the
            norm is the published code's; the PatchGAN's head always has one.
        conditional: Whether the condition is looked at.
    """

    def __init__(
        self, *, channels_in: int, width: int, norm: Norm, bias: bool, conditional: bool
    ) -> None:
        super().__init__()
        self.conditional = conditional
        self.features = nn.ModuleList(
            [
                layer(nn.Conv2d(channels_in, width, 1), "none"),
                layer(nn.Conv2d(width, 2 * width, 1, bias=bias), norm),
            ]
        )
        self.head = nn.Conv2d(2 * width, 1, 1, bias=bias)

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Judge a batch."""
        return [views(seen(condition, picture, self.conditional), (*self.features, self.head))]


def layer(conv: nn.Conv2d, norm: Norm) -> nn.Sequential:
    """Convolution, norm, LeakyReLU 0.2: one feature map."""
    return nn.Sequential(
        OrderedDict(
            conv=conv,
            norm=norm_layer(norm, conv.out_channels),
            activation=nn.LeakyReLU(0.2),
        )
    )


def seen(condition: Tensor, picture: Tensor, conditional: bool) -> Tensor:
    """What the first layer sees: the condition first, then the picture, as published."""
    return torch.cat([condition, picture], dim=1) if conditional else picture


def views(x: Tensor, layers: Iterable[nn.Module]) -> list[Tensor]:
    """The output of every layer, first layer first."""
    made = []
    for make in layers:
        x = make(x)
        made.append(x)
    return made
