"""Losses that compare the picture with its target, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from gan_zoo.components import Scene, Term


class Reconstruction:
    """Mean distance of `fake` and `real`, both `B C H W` in [-1, 1]; a term of the generator.

    Args:
        form: l1 (absolute) or l2 (squared).
        weight: Factor of the term.
        pool: For l1: of the means of squares of so many pixels a side, see `pooled_l1`.

    Raises:
        ValueError: a pool, and a form that has none.
    """

    def __init__(self, *, form: Literal["l1", "l2"], weight: float, pool: int = 1) -> None:
        self.distance = F.l1_loss if form == "l1" else F.mse_loss
        if form != "l1" and pool > 1:
            raise ValueError(f"pool {pool} came with form {form}; l1 alone has one, so use pool=1")
        if pool > 1:
            self.distance = partial(pooled_l1, pool=pool)
        self.label = f"G_{form.upper()}"
        self.weight = weight

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The generator's term."""
        if player == "generator":
            yield Term(self.label, self.weight * self.distance(scene["fake"], scene["real"]))


def pooled_l1(fake: Tensor, real: Tensor, *, pool: int) -> Tensor:
    """Mean over all pixels of |the mean difference in the pixel's square|: a scalar.

    `B C H W` each. Squares begin at the upper left; those that the right or lower border cuts are
    smaller, and count by the pixels that they have. So a single square of a whole picture is the
    difference of the two means, and squares of one pixel are L1.

    Args:
        fake: Pictures.
        real: Likewise.
        pool: Side of a square, in pixels; it may be larger than a picture.
    """
    # A square of n pixels counts n * |sum / n|.
    sums = F.avg_pool2d(fake - real, pool, ceil_mode=True, divisor_override=1)
    return sums.abs().sum() / fake.numel()


class Charbonnier:
    """Mean of sqrt(d^2 + eps^2) over the differences d of `fake` and `real`, both `B C H W` in
    [-1, 1]; a term of the generator. The least it can be is eps.

    Args:
        eps: Where it turns from squared to absolute, in units of the picture.
        weight: Factor of the term.
    """

    def __init__(self, *, eps: float, weight: float) -> None:
        self.eps = eps
        self.weight = weight

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The generator's term."""
        if player == "generator":
            squared = (scene["fake"] - scene["real"]).square()
            yield Term("G_Charbonnier", self.weight * (squared + self.eps**2).sqrt().mean())
