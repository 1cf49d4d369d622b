"""Losses that compare the picture with its target, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch.nn.functional as F

from gan_zoo.engine.scene import Scene
from gan_zoo.protocols import Term


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
