"""The discriminator's features of the fake held against those of the real picture."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from gan_zoo.components import Scene, Term, mean_distance


class FeatureMatching:
    """G_GAN_Feat, for the generator: over every map of every view but the logits, the sum of
    1/scales * 4/maps * mean |fake - real|, with so many `maps` in that view.
    Views of logits alone, as of one judge among several, count as no scale.

    The published factor is 4/(layers + 1), and a view has layers + 1 maps besides its logits: a
    PatchGAN of 3 layers counts each of them once.

    Args:
        weight: Factor of the term.
    """

    def __init__(self, *, weight: float) -> None:
        self.weight = weight

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The generator's term."""
        if player == "generator":
            pairs = list(zip(scene["fake_views"], scene["real_views"], strict=True))
            apart = torch.stack([_apart(fake, real) for fake, real in pairs if len(fake) > 1])
            yield Term("G_GAN_Feat", self.weight * apart.sum() / len(apart))


def _apart(fake: list[Tensor], real: list[Tensor]) -> Tensor:
    """Of one view; the logits, last, are left to the game."""
    maps = list(zip(fake[:-1], real[:-1], strict=True))
    means = [mean_distance(ours, theirs.detach()) for ours, theirs in maps]
    return torch.stack(means).sum() * 4 / len(maps)
