"""The adversarial loss in its forms, over the views of any discriminator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.engine.scene import Scene
from gan_zoo.protocols import Term

Form = Literal["vanilla", "least_squares"]


def toward(logits: Tensor, real: bool, form: Form) -> Tensor:
    """How far logits `B 1 H W` are from saying real, or fake: a scalar, mean over all positions.

    The generator takes the same function toward real: the non-saturating form of vanilla.
    """
    if form == "vanilla":  # cross-entropy against 1 is softplus(-s), against 0 softplus(s)
        return F.softplus(-logits if real else logits).mean()
    return F.mse_loss(logits, torch.full_like(logits, float(real)))


class Adversarial:
    """G_GAN for the generator, D_fake and D_real for the discriminator.

    Args:
        form: Which distance.
        weight: Factor of G_GAN.
        discriminator_weight: Factor of D_fake and D_real, which are shown without it.
        over_scales: Sum or mean of the scales.
    """

    def __init__(
        self,
        *,
        form: Form,
        weight: float,
        discriminator_weight: float,
        over_scales: Literal["sum", "mean"],
    ) -> None:
        self.form: Form = form
        self.weight = weight
        self.discriminator_weight = discriminator_weight
        self.over_scales = over_scales

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The player's terms; the fake is judged first, as the published programs do."""
        if player == "generator":
            yield Term("G_GAN", self.weight * self._views(scene["fake_views"], real=True))
        elif player == "discriminator":
            fake = self._views(scene["fake_views"], real=False)
            real = self._views(scene["real_views"], real=True)
            yield Term("D_real", real, self.discriminator_weight)
            yield Term("D_fake", fake, self.discriminator_weight)

    def _views(self, views: list[list[Tensor]], *, real: bool) -> Tensor:
        total = torch.stack([toward(view[-1], real, self.form) for view in views])
        return total.sum() if self.over_scales == "sum" else total.mean()
