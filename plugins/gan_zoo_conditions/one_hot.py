"""Labels as a condition, a channel for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn


class OneHot(nn.Module):
    """Ids `B 1 H W` -> `B C H W` of zeros and ones, float32.

    Ids are compared, never used as an index: one beyond the classes does no harm, and shapes do not
    depend on what the map holds.

    Args:
        map: The map's name.
        classes: How many classes there are: C, or C - 1 beside the additional channel.
        ignore: Classes that count as none.
        ignore_as: Where pixels of no class are 1: nowhere (zero), or in a last channel.
    """

    def __init__(
        self,
        *,
        map: str,
        classes: int,
        ignore: Sequence[int],
        ignore_as: Literal["zero", "channel"],
    ) -> None:
        super().__init__()
        self.map = map
        self.classes = classes
        self.ignore = ignore
        self.ignore_as = ignore_as

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Named maps -> `B C H W`."""
        ids = maps[self.map]
        for ignored in self.ignore:
            ids = torch.where(ids == ignored, -1, ids)
        # Made here, not kept: a module without state is not moved to the device.
        classes = torch.arange(self.classes, device=ids.device).view(1, -1, 1, 1)
        hot = ids == classes  # B C H W
        if self.ignore_as == "channel":
            none = (ids < 0) | (ids >= self.classes)  # B 1 H W
            hot = torch.cat([hot, none], dim=1)
        return hot.float()
