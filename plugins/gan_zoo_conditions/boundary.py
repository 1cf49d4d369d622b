"""Edges of ids as a condition."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Boundary(nn.Module):
    """Ids `B 1 H W` -> `B 1 H W`, float32: 1 on both sides of every change between horizontal or
    vertical neighbors, else 0. The border of the picture is no change.

    Args:
        map: The map's name.
    """

    def __init__(self, *, map: str) -> None:
        super().__init__()
        self.map = map

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Named maps -> `B 1 H W`."""
        ids = maps[self.map]
        edge = torch.zeros_like(ids, dtype=torch.bool)
        across = ids[..., :, 1:] != ids[..., :, :-1]
        edge[..., :, 1:] |= across
        edge[..., :, :-1] |= across
        down = ids[..., 1:, :] != ids[..., :-1, :]
        edge[..., 1:, :] |= down
        edge[..., :-1, :] |= down
        return edge.float()
