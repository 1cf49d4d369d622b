"""Noise as a condition."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Noise(nn.Module):
    """Standard normal noise `B C H W`, float32, from torch's default generator, at every call.

    Args:
        map: The name of a map `B c H W`, for its size.
        channels: How many: C.
    """

    def __init__(self, *, map: str, channels: int) -> None:
        super().__init__()
        self.map = map
        self.channels = channels

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Named maps -> `B C H W`."""
        like = maps[self.map]
        batch, _, height, width = like.shape
        return torch.randn(batch, self.channels, height, width, device=like.device)
