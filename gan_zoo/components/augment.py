"""Differentiable augmentation: what a discriminator sees is changed at random, and gradients go
back through the change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

SHIFT = 1 / 8  # of a side, at most
HOLE = 1 / 2  # of a side


class Change(NamedTuple):
    """One change of a batch, with its draws.

    Args:
        make: `B C H W -> B C H W`, for any number of channels.
        also_of_conditions: Whether it is made of conditions too, as what moves or hides pixels is.
    """

    make: Callable[[Tensor], Tensor]
    also_of_conditions: bool


class DrawnAugment:
    """Changes of a batch, drawn once: whatever they are made to changes alike. They are T of Zhao
    et al. 2020, sec. 3, who have it of pictures alone, as they have no conditions, and say nothing
    of one draw for several of them.

    That several may share a draw is ours: a real picture and a fake that are changed by one differ
    by what they show alone, so that features of both may be compared. Losses of one of them, as an
    adversarial loss's D_real, D_fake and G_GAN, are the same on the mean as by draws of their own;
    those of both together, as feature matching, are not. That conditions are moved and hidden too
    is ours likewise: a discriminator of pairs would else see that they do not belong together.

    Args:
        changes: What is done, in this order.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = tuple(changes)

    def picture(self, x: Tensor) -> Tensor:
        """Pictures `B D H W`, changed: values may leave [-1, 1]."""
        for change in self.changes:
            x = change.make(x)
        return x

    def condition(self, x: Tensor) -> Tensor:
        """What is seen beside them, `B C H W` in any type, moved and hidden as they are, so that
        both go on belonging together; its colors stay. Where nothing is seen it is zero.
        """
        for change in self.changes:
            if change.also_of_conditions:
                x = change.make(x)
        return x


def draw_augment(kinds: Sequence[str], like: Tensor) -> DrawnAugment:
    """Draw changes for every sample of a batch.

    Draws come from torch's default generator of the pictures' device, whose state is in every
    checkpoint; without any kind nothing is drawn. Gradients of gradients go through all of them.

    Args:
        kinds: `color` (brightness, saturation, contrast), `translation` and `cutout`, in the order
            in which they are done, as `Augments` of a recipe.
        like: Pictures `B D H W`: how many there are, of which size, type and device.
    """
    return DrawnAugment([_DRAWS[kind](like) for kind in kinds])


def change_color(x: Tensor, light_draw: Tensor, vivid_draw: Tensor, hard_draw: Tensor) -> Tensor:
    """Brightness, then saturation, then contrast. `B D H W -> B D H W`.

    Args:
        x: Pictures; in one channel there is no saturation to change.
        light_draw: From [0, 1), `B 1 1 1`: less a half it is added to all values of a sample.
        vivid_draw: Likewise: twice it is the factor of each pixel's distance to its gray, the mean
            of its channels.
        hard_draw: Likewise: with a half it is the factor of each value's distance to the mean of
            its sample.
    """
    x = x + light_draw - 0.5  # not x + (light_draw - 0.5): other bits than runs have had
    gray = x.mean(dim=1, keepdim=True)  # B 1 H W
    x = gray + (x - gray) * 2 * vivid_draw
    mean = x.mean(dim=(1, 2, 3), keepdim=True)  # B 1 1 1
    return mean + (x - mean) * (hard_draw + 0.5)


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


def draw_color(x: Tensor) -> Change:
    """Light from [-0.5, 0.5], saturation from [0, 2] and contrast from [0.5, 1.5], evenly."""
    draws = {
        f"{what}_draw": torch.rand(len(x), 1, 1, 1, dtype=x.dtype, device=x.device)
        for what in ("light", "vivid", "hard")
    }
    return Change(partial(change_color, **draws), also_of_conditions=False)


def draw_shift(x: Tensor) -> Change:
    """Down and to the right by whole pixels, at most an eighth of the side either way."""
    down, right = (
        torch.randint(-most, most + 1, (len(x),), device=x.device)
        for most in (int(side * SHIFT + 0.5) for side in x.shape[-2:])
    )
    return Change(partial(shift, down=down, right=right), also_of_conditions=True)


def draw_hole(x: Tensor) -> Change:
    """Zeros half as high and wide as the sample. Their middle lies anywhere, so that some of them
    may be beyond the border.
    """
    down, across = (_hidden(side, x) for side in x.shape[-2:])
    seen = ~(down[:, :, None] & across[:, None, :])[:, None]  # B 1 H W
    return Change(lambda picture: picture * seen, also_of_conditions=True)


def _hidden(side: int, x: Tensor) -> Tensor:
    """Of every sample, which of so many rows, or columns, are hidden."""
    length = int(side * HOLE + 0.5)
    middle = torch.randint(0, side + 1 - length % 2, (len(x), 1), device=x.device)
    place = torch.arange(side, device=x.device) - (middle - length // 2)
    return (place >= 0) & (place < length)


_DRAWS = {"color": draw_color, "translation": draw_shift, "cutout": draw_hole}
