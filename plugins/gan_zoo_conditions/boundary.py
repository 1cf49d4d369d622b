"""Edges of ids as a condition."""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
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
        across = ids[..., :, 1:] != ids[..., :, :-1]  # B 1 H W-1
        down = ids[..., 1:, :] != ids[..., :-1, :]  # B 1 H-1 W
        # Not assigned into slices: an exported graph would copy the picture for each of them.
        beside = F.pad(across, (1, 0)) | F.pad(across, (0, 1))  # B 1 H W
        above = F.pad(down, (0, 0, 1, 0)) | F.pad(down, (0, 0, 0, 1))
        return (beside | above).float()
