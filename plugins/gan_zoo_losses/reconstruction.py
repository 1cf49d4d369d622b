"""Losses that compare the picture with its target, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch.nn.functional as F

from gan_zoo.components import Scene, Term


class Reconstruction:
    """Mean distance of `fake` and `real`, both `B C H W` in [-1, 1]; a term of the generator.

    Args:
        form: l1 (absolute) or l2 (squared).
        weight: Factor of the term.
    """

    def __init__(self, *, form: Literal["l1", "l2"], weight: float) -> None:
        self.distance = F.l1_loss if form == "l1" else F.mse_loss
        self.label = f"G_{form.upper()}"
        self.weight = weight

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The generator's term."""
        if player == "generator":
            yield Term(self.label, self.weight * self.distance(scene["fake"], scene["real"]))


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
