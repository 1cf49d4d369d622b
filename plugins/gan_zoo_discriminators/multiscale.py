"""Several scales of a discriminator: pix2pixHD's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

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

    @property
    def takes_several(self) -> bool:
        """Whether it may be given several pictures beside one condition."""
        return all(getattr(scale, "takes_several", False) for scale in self.scales)

    def forward(self, condition: Tensor, picture: Tensor | Sequence[Tensor]) -> list[Any]:
        """Judge a batch; of several beside one condition, each."""
        single = isinstance(picture, Tensor)
        pictures = [picture] if isinstance(picture, Tensor) else list(picture)
        views: list[list[list[Tensor]]] = [[] for _ in pictures]
        for n, judge in enumerate(reversed(self.scales)):
            if n:
                condition, pictures = halve(condition), [halve(one) for one in pictures]
            judged = [judge(condition, pictures[0])] if single else judge(condition, pictures)
            for mine, made in zip(views, judged, strict=True):
                mine += made
        return views[0] if single else views
