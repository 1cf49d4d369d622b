"""How sharp pictures are beside their targets, 8-bit `C H W`, in float64."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gan_zoo.components import MeanOverPictures, Sample


class Sharpness(MeanOverPictures):
    """The mean length of the gradient over that of the target: 1 is as sharp, less is smoother.

    Args:
        borders: The map of ids at whose borders alone it looks; everywhere if None.
    """

    def __init__(self, *, borders: str | None) -> None:
        super().__init__()
        self.borders = borders

    def score(self, generated: Tensor, real: Tensor, sample: Sample) -> float:
        """The ratio of a picture; nan where its target has no gradient, or there is no border."""
        ours, theirs = _lengths(generated), _lengths(real)
        if self.borders is not None:
            where = _at_borders(sample.maps[self.borders])
            ours, theirs = ours[:, where], theirs[:, where]
        target = theirs.sum().item()
        return ours.sum().item() / target if target else math.nan


def _lengths(picture: Tensor) -> Tensor:
    """`C H W -> C H-1 W-1`: of each channel, by the steps to the right and down. A centered
    difference would not see what is a pixel wide.
    """
    x = picture.double()
    right, down = x[:, :-1, 1:] - x[:, :-1, :-1], x[:, 1:, :-1] - x[:, :-1, :-1]
    return torch.hypot(right, down)


def _at_borders(ids: Tensor) -> Tensor:
    """`1 H W -> H-1 W-1`: whether one of the four neighbors has another id."""
    edge = torch.zeros(ids.shape[-2:], dtype=torch.bool, device=ids.device)
    across, down = ids[0, :, 1:] != ids[0, :, :-1], ids[0, 1:] != ids[0, :-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge[:-1, :-1]
