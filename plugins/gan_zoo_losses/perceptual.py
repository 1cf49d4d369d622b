"""Features of a fixed network that was trained to tell things apart, of the fake and of the real
picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from gan_zoo.components import Scene, Term, mean_distance


class Perceptual(nn.Module):
    """G_VGG, for the generator: the sum over levels of factor * mean |fake - real|.

    The network never learns, is always in evaluation, and computes in the run's precision; means
    are in float32 or wider. The real picture's features have no graph.

    Args:
        network: Pictures `B 3 H W` -> features, one tensor a level.
        factors: Of each level.
        statistics: Mean and deviation by channel, of pictures in [0, 1], that the network knows;
            None for it to see the pictures as they are, in [-1, 1].
        weight: Factor of the term.
    """

    def __init__(
        self,
        *,
        network: nn.Module,
        factors: Sequence[float],
        statistics: tuple[Sequence[float], Sequence[float]] | None,
        weight: float,
    ) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.factors = tuple(factors)
        self.weight = weight
        mean, deviation = statistics or ((0.5,) * 3, (0.5,) * 3)  # which is no change at all
        # (x + 1) / 2 in [0, 1], then (it - mean) / deviation: one product and one sum.
        scale = 0.5 / torch.tensor(deviation)
        shift = (0.5 - torch.tensor(mean)) / torch.tensor(deviation)
        self.converts = statistics is not None
        self.register_buffer("scale", scale.reshape(1, 3, 1, 1))
        self.register_buffer("shift", shift.reshape(1, 3, 1, 1))
        self.eval()

    def train(self, mode: bool = True) -> Self:
        """It stays in evaluation: what it compares with must not move."""
        return super().train(False)

    def forward(self, scene: Scene, player: str) -> list[Term]:
        """The generator's term."""
        if player != "generator":
            return []
        fake, real = scene["fake"], scene["real"]
        with scene.autocast():
            with torch.no_grad():
                wanted = self.features(real)
            made = self.features(fake)
        means = [
            factor * mean_distance(ours, theirs)
            for factor, ours, theirs in zip(self.factors, made, wanted, strict=True)
        ]
        return [Term("G_VGG", self.weight * torch.stack(means).sum())]

    def features(self, picture: Tensor) -> list[Tensor]:
        """`B C H W` in [-1, 1] -> `[B E h w]`; one channel, C = 1, is seen as gray."""
        seen = picture.expand(-1, 3, -1, -1)
        if self.converts:
            seen = seen * self.get_buffer("scale") + self.get_buffer("shift")
        return list(self.network(seen))
