"""Spatially-adaptive normalization: a norm whose scale and shift are painted by a map."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components import InstanceNorm
from gan_zoo_spade.options import PlainNorm


class SPADE(nn.Module):
    """norm(x) * (1 + gamma(map)) + beta(map), gamma and beta a number for every place and channel
    (Park et al. 2019, sec. 3, eq. 1).

    `B C h w` and the map `B S H W -> B C h w`. The map is resized to x by nearest, so that a map of
    ids in channels stays one. It is the map that says what is where after the norm has taken the
    mean away: a plain norm would wash out large regions of one class.

    Args:
        channels: C.
        map_channels: S.
        norm: `batch`, with running statistics for inference, or `instance`; neither has a scale
            and shift of its own.
        hidden: Channels between the map and gamma and beta.
        kernel: Of the three convolutions.
    """

    def __init__(
        self, *, channels: int, map_channels: int, norm: PlainNorm, hidden: int, kernel: int
    ) -> None:
        super().__init__()
        same = kernel // 2
        self.norm: nn.Module
        if norm == "batch":
            self.norm = nn.BatchNorm2d(channels, affine=False)
        else:
            self.norm = InstanceNorm(channels)
        self.shared = nn.Conv2d(map_channels, hidden, kernel, padding=same)
        self.gamma = nn.Conv2d(hidden, channels, kernel, padding=same)
        self.beta = nn.Conv2d(hidden, channels, kernel, padding=same)

    def forward(self, x: Tensor, map: Tensor) -> Tensor:
        """Normalize, then scale and shift as the map says."""
        seen = F.relu(self.shared(resize_map(map, x)))  # B hidden h w
        # The equation's gamma is 1 + gamma here, so that small weights change little.
        made: Tensor = self.norm(x) * (1 + self.gamma(seen)) + self.beta(seen)
        return made


def resize_map(map: Tensor, like: Tensor) -> Tensor:
    """A map at the size of features. `B S H W -> B S h w`."""
    if map.shape[-2:] == like.shape[-2:]:
        return map
    return F.interpolate(map, size=like.shape[-2:], mode="nearest")
