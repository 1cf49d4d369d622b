"""The generator of SPADE: features that grow from a small start and see the map at every size."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo_spade.normalization import SPADE
from gan_zoo_spade.options import PlainNorm

SLOPE = 0.2  # of every LeakyReLU


class Generator(nn.Module):
    """Residual blocks with doublings between them, each block normalized by the map (Park et al.
    2019, sec. 3 and appendix A).

    `B C H W -> B D H W` in [-1, 1]; H and W are multiples of 2^n with n doublings. The first
    features are made of the map itself, resized by nearest to H/2^n W/2^n: the form without an
    encoder of styles. There is no way down; the map comes in at every size instead.

    Args:
        channels_in: C of the map.
        channels_out: D.
        widths: Channels of the first features, then those that each block gives.
        doubled: Whether the sides double before a block; as many as there are blocks.
        norm: The norm that the map scales and shifts.
        hidden: Channels between the map and its scales and shifts.
        kernel: Of the convolutions over the map.
        spectral: Whether the blocks' convolutions of features are divided by their spectral norm.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        channels_out: int,
        widths: Sequence[int],
        doubled: Sequence[bool],
        norm: PlainNorm,
        hidden: int,
        kernel: int,
        spectral: bool,
    ) -> None:
        super().__init__()
        self.doubled = tuple(doubled)
        self.start = nn.Conv2d(channels_in, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList(
            Block(
                channels_in=wide,
                channels_out=narrow,
                map_channels=channels_in,
                norm=norm,
                hidden=hidden,
                kernel=kernel,
                spectral=spectral,
            )
            for wide, narrow in pairwise(widths)
        )
        self.last = nn.Conv2d(widths[-1], channels_out, 3, padding=1)

    def features(self, condition: Tensor) -> Tensor:
        """What the head makes the picture of. `B C H W -> B widths[-1] H W`."""
        times = 2 ** sum(self.doubled)
        size = [side // times for side in condition.shape[-2:]]
        x: Tensor = self.start(F.interpolate(condition, size=size, mode="nearest"))
        for doubles, block in zip(self.doubled, self.blocks, strict=True):
            if doubles:
                x = F.interpolate(x, scale_factor=2, mode="nearest")  # B c 2h 2w
            x = block(x, condition)
        return x

    def head(self, features: Tensor) -> Tensor:
        """The picture. `B widths[-1] H W -> B D H W`."""
        return torch.tanh(self.last(F.leaky_relu(features, SLOPE)))

    def forward(self, condition: Tensor) -> Tensor:
        """Translate a batch."""
        return self.head(self.features(condition))


class Block(nn.Module):
    """Two convolutions beside a shortcut, each after a norm by the map (Park et al. 2019, fig. 4).
    `B C h w` and the map `B S H W -> B D h w`.

    Where C is not D the shortcut learns too: norm by the map, then a 1x1 convolution.

    Args:
        channels_in: C.
        channels_out: D; the smaller of both is between the convolutions.
        map_channels: S.
        norm: The norm that the map scales and shifts.
        hidden: Channels between the map and its scales and shifts.
        kernel: Of the convolutions over the map.
        spectral: Whether the convolutions of features are divided by their spectral norm; those
            over the map never are.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        channels_out: int,
        map_channels: int,
        norm: PlainNorm,
        hidden: int,
        kernel: int,
        spectral: bool,
    ) -> None:
        super().__init__()

        def normed(channels: int) -> SPADE:
            return SPADE(
                channels=channels,
                map_channels=map_channels,
                norm=norm,
                hidden=hidden,
                kernel=kernel,
            )

        def convolution(wide: int, narrow: int, kernel: int, *, bias: bool = True) -> nn.Module:
            conv = nn.Conv2d(wide, narrow, kernel, padding=kernel // 2, bias=bias)
            return spectral_norm(conv) if spectral else conv

        between = min(channels_in, channels_out)
        self.norms = nn.ModuleList([normed(channels_in), normed(between)])
        self.convolutions = nn.ModuleList(
            [convolution(channels_in, between, 3), convolution(between, channels_out, 3)]
        )
        self.learned_shortcut = channels_in != channels_out
        if self.learned_shortcut:
            self.shortcut_norm = normed(channels_in)
            self.shortcut = convolution(channels_in, channels_out, 1, bias=False)

    def forward(self, x: Tensor, map: Tensor) -> Tensor:
        """Add what the branch finds to the shortcut."""
        branch = x
        for norm, convolve in zip(self.norms, self.convolutions, strict=True):
            branch = convolve(F.leaky_relu(norm(branch, map), SLOPE))
        if self.learned_shortcut:
            x = self.shortcut(self.shortcut_norm(x, map))  # B D h w
        return x + branch
