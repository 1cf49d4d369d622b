"""Several scales of a discriminator: pix2pixHD's."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from gan_zoo.components import halve


class MultiScale(nn.Module):
    """Discriminators alike that judge the picture at full resolution, at half, ... (Wang et al.
    2018, sec. 3.2).

    Condition `B C H W` and picture `B D H W` -> views, full resolution first; what judges at scale
    i sees both halved i times.

    Args:
        scales: Discriminators of one scale each, the coarsest first: that is what it is named by.
            With one scale more for a picture twice as large, all others see what they saw before.
    """

    def __init__(self, *, scales: Iterable[nn.Module]) -> None:
        super().__init__()
        self.scales = nn.ModuleList(scales)

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Judge a batch."""
        views: list[list[Tensor]] = []
        for judge in reversed(self.scales):
            if views:
                condition, picture = halve(condition), halve(picture)
            views += judge(condition, picture)
        return views
