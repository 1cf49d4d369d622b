"""The coarse-to-fine generator of pix2pixHD: any coarse generator, and enhancers around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components import halve
from gan_zoo_generators.resnet import Stages


class LocalEnhancer(nn.Module):
    """A coarse generator at low resolution and enhancers that double it (Wang et al. 2018, sec.
    3.1).

    `B C H W -> B D H W` in [-1, 1]. The coarse part sees the condition at H/2^N, and is used up to
    the features before its head, which rests; enhancer n adds them to what it sees at H/2^(N-n).

    Args:
        coarse: Has `features`: condition -> the features before its head.
        enhancers: From the innermost to the outermost, which has the head.
    """

    def __init__(self, *, coarse: nn.Module, enhancers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.coarse: Any = coarse
        # Named from 1, as recipes name these parts.
        self.enhancers = nn.ModuleDict({str(n): own for n, own in enumerate(enhancers, start=1)})

    def forward(self, condition: Tensor) -> Tensor:
        """Translate a batch."""
        pyramid = [condition]
        for _ in self.enhancers:
            pyramid.append(halve(pyramid[-1]))  # B C H/2^n W/2^n
        x: Tensor = self.coarse.features(pyramid.pop())
        for enhancer in self.enhancers.values():
            x = enhancer(pyramid.pop(), x)
        return x


class Enhancer(Stages):
    """One doubling: features of its own condition plus the coarser ones, through residual blocks.

    `B C H W` and `B 2h H/2n W/2n -> B h H W`, or the picture `B D H W` where it has a head.
    """

    def forward(self, condition: Tensor, coarser: Tensor) -> Tensor:
        """Add what the coarser resolution found, work on, double."""
        x = self.encoder(condition)  # B 2h H/2 W/2
        if (factor := x.shape[-1] // coarser.shape[-1]) > 1:  # a U-Net's last features lie lower
            coarser = F.interpolate(coarser, scale_factor=factor, mode="nearest")
        x = self.decoded(x + coarser)
        return self.head(x) if self.headed else x
