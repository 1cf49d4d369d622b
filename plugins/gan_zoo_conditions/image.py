"""A picture as a condition."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


class ImageCondition(nn.Module):
    """One of the maps, unchanged: `B C H W` in [-1, 1].

    Args:
        map: Its name.
    """

    def __init__(self, *, map: str) -> None:
        super().__init__()
        self.map = map

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Named maps -> `B C H W`."""
        return maps[self.map]
