"""Differentiable augmentation: what a discriminator sees of pictures is changed at random, and
gradients go back through the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Change = Literal["color", "translation", "cutout"]

SHIFT = 1 / 8  # of a side, at most
HOLE = 1 / 2  # of a side


class Augment(nn.Module):
    """Changes every sample by draws of its own (Zhao et al. 2020, sec. 4).

    Condition `B C H W` and picture `B D H W` -> the same shapes. Color changes the picture alone;
    what moves or hides does it to both alike, so that they go on belonging together. In evaluation
    nothing is changed. Draws come from torch's default generator.

    Args:
        changes: What is done, in this order.
    """

    def __init__(self, *, changes: Sequence[Change]) -> None:
        super().__init__()
        self.changes = tuple(changes)

    def forward(self, condition: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Change a batch."""
        for change in self.changes if self.training else ():
            if change == "color":
                picture = change_contrast(change_saturation(change_brightness(picture)))
            elif change == "translation":
                by = shifts(picture)
                condition, picture = shift(condition, *by), shift(picture, *by)
            else:
                seen = ~draw_holes(picture)
                condition, picture = condition * seen, picture * seen
        return condition, picture

    def extra_repr(self) -> str:
        """What is done."""
        return ", ".join(self.changes)


def change_brightness(x: Tensor) -> Tensor:
    """All values of a sample shifted by one draw from [-0.5, 0.5]. `B D H W -> B D H W`."""
    return x + draw_uniform(x) - 0.5


def change_saturation(x: Tensor) -> Tensor:
    """The distance of each pixel to its gray multiplied by a draw from [0, 2]."""
    gray = x.mean(dim=1, keepdim=True)  # B 1 H W
    return gray + (x - gray) * 2 * draw_uniform(x)


def change_contrast(x: Tensor) -> Tensor:
    """The distance of each value to the sample's mean multiplied by a draw from [0.5, 1.5]."""
    mean = x.mean(dim=(1, 2, 3), keepdim=True)  # B 1 1 1
    return mean + (x - mean) * (draw_uniform(x) + 0.5)


def draw_uniform(x: Tensor) -> Tensor:
    """A number from [0, 1) for every sample, `B 1 1 1`."""
    return torch.rand(len(x), 1, 1, 1, dtype=x.dtype, device=x.device)


def shifts(x: Tensor) -> tuple[Tensor, Tensor]:
    """How far down and how far to the right every sample goes: whole pixels, `B` each, at most an
    eighth of the side either way.
    """
    down, right = (
        torch.randint(-most, most + 1, (len(x),), device=x.device)
        for most in (int(side * SHIFT + 0.5) for side in x.shape[-2:])
    )
    return down, right


def shift(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Every sample moved; where nothing was there is zero. `B C H W -> B C H W`.

    Picked by index: grid sampling has no second derivative, which penalties take.

    Args:
        x: Samples.
        down: Whole pixels, `B`.
        right: Likewise.
    """
    samples = torch.arange(len(x), device=x.device)[:, None, None]
    rows, inside_y = _sources(x.shape[-2], down)  # B H
    columns, inside_x = _sources(x.shape[-1], right)  # B W
    picked = x.movedim(1, -1)[samples, rows[:, :, None], columns[:, None, :]]  # B H W C
    inside = inside_y[:, :, None] & inside_x[:, None, :]
    return (picked * inside[..., None]).movedim(-1, 1)


def _sources(side: int, by: Tensor) -> tuple[Tensor, Tensor]:
    """Of every row, or column, which one comes there, and whether there is such a one."""
    found = torch.arange(side, device=by.device) - by[:, None]
    return found.clamp(0, side - 1), (found >= 0) & (found < side)


def draw_holes(x: Tensor) -> Tensor:
    """Where every sample has its hole, half as high and wide as it, `B 1 H W`. Its middle lies
    anywhere, so that some of it may be beyond the border.
    """
    down, across = (_hidden(side, x) for side in x.shape[-2:])
    return (down[:, :, None] & across[:, None, :])[:, None]


def _hidden(side: int, x: Tensor) -> Tensor:
    """Of every sample, which of so many rows, or columns, are hidden."""
    length = int(side * HOLE + 0.5)
    middle = torch.randint(0, side + 1 - length % 2, (len(x), 1), device=x.device)
    place = torch.arange(side, device=x.device) - (middle - length // 2)
    return (place >= 0) & (place < length)
