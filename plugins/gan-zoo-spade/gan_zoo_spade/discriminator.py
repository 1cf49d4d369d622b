"""The discriminator of SPADE at one scale: pix2pixHD's, with spectral norm where a norm is."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo.components import conv_norm_activation
from gan_zoo_spade.options import KERNEL, PADDING, PlainNorm


class Patch(nn.Module):
    """A logit for every overlapping patch (Park et al. 2019, sec. 3 and appendix A).

    Condition `B C H W` and picture `B D H W` -> one scale of feature maps `B E h w`, each after its
    LeakyReLU, and logits `B 1 h w`. Every layer but the last feature map's and the head halves.
    Only the normed layers, all but the first and the head, have spectral norm and no bias.

    Args:
        channels_in: C + D, or D alone where it is not conditional.
        widths: Channels E of every feature map.
        norm: Norm of every feature map but the first.
        spectral: Whether the weights of the normed layers are divided by their spectral norm.
        conditional: Whether the condition is looked at.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        widths: list[int],
        norm: PlainNorm,
        spectral: bool,
        conditional: bool,
    ) -> None:
        super().__init__()
        self.conditional = conditional
        first = nn.Conv2d(channels_in, widths[0], KERNEL, stride=2, padding=PADDING)
        self.features = nn.ModuleList(
            [conv_norm_activation(first, "none", widths[0], nn.LeakyReLU(0.2))]
        )
        for place, (narrow, wide) in enumerate(pairwise(widths), start=1):
            stride = 2 if place < len(widths) - 1 else 1
            conv = nn.Conv2d(narrow, wide, KERNEL, stride=stride, padding=PADDING, bias=False)
            hidden = spectral_norm(conv) if spectral else conv
            self.features.append(conv_norm_activation(hidden, norm, wide, nn.LeakyReLU(0.2)))
        self.head = nn.Conv2d(widths[-1], 1, KERNEL, padding=PADDING)

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Judge a batch."""
        x = torch.cat([condition, picture], dim=1) if self.conditional else picture
        view = []
        for layer in (*self.features, self.head):
            x = layer(x)
            view.append(x)
        return [view]
