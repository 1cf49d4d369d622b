"""What a picture keeps: the losses that compare pictures of one side."""

from __future__ import annotations

from collections.abc import Iterator

import torch.nn.functional as F

from gan_zoo.components import Scene, Term
from gan_zoo_cyclegan.directions import B_TO_A


class Difference:
    """Mean absolute difference of two pictures of a scene, `B C H W` in [-1, 1]; a term of the
    generator, which is shown with its weight, as the published program does.

    Args:
        label: Of the term; the scene adds its side.
        made: Name of the picture that learns.
        wanted: Name of the picture that it should be.
        weight: Factor of the term.
        weight_b: Its factor on side B, where that is another.
    """

    def __init__(
        self, label: str, made: str, wanted: str, *, weight: float, weight_b: float | None
    ) -> None:
        self.label = label
        self.made = made
        self.wanted = wanted
        self.weights = {B_TO_A.side: weight if weight_b is None else weight_b}
        self.weight = weight

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The generator's term."""
        if player == "generator":
            weight = self.weights.get(scene.side, self.weight)
            difference = F.l1_loss(scene[self.made], scene[self.wanted])
            yield Term(self.label, weight * difference)
