"""Discriminators side by side."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn


class Together(nn.Module):
    """Several discriminators that judge the same picture. Condition `B C H W` and picture `B D H W`
    -> the views of all, in order.

    Args:
        judges: The discriminators.
    """

    def __init__(self, *, judges: Iterable[nn.Module]) -> None:
        super().__init__()
        self.judges = nn.ModuleList(judges)

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Judge a batch."""
        return [view for judge in self.judges for view in judge(condition, picture)]
