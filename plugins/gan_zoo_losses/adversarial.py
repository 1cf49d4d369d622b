"""The adversarial loss in its forms, over the views of any discriminator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.components import Scene, Term

Form = Literal["vanilla", "least_squares", "hinge", "wasserstein"]


def discriminator_loss(logits: Tensor, real: bool, form: Form) -> Tensor:
    """How far the discriminator is from calling `B 1 H W` logits real, or fake: a scalar, mean over
    all positions.
    """
    away = -logits if real else logits
    if form == "vanilla":  # cross-entropy against 1 is softplus(-s), against 0 softplus(s)
        return F.softplus(away).mean()
    if form == "least_squares":
        return F.mse_loss(logits, torch.full_like(logits, float(real)))
    if form == "hinge":
        return F.relu(1 + away).mean()
    return away.mean()


def generator_loss(logits: Tensor, form: Form) -> Tensor:
    """How far the generator is from logits that call its picture real: a scalar.

    Vanilla is non-saturating, and hinge has no margin here (Lim and Ye 2017, eq. 4): a fake is
    never real enough.
    """
    if form in ("hinge", "wasserstein"):
        return -logits.mean()
    return discriminator_loss(logits, True, form)


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
            fooled = self._over(
                [generator_loss(view[-1], self.form) for view in scene["fake_views"]]
            )
            yield Term("G_GAN", self.weight * fooled)
        elif player == "discriminator":
            fake = self._over(
                [discriminator_loss(view[-1], False, self.form) for view in scene["fake_views"]]
            )
            real = self._over(
                [discriminator_loss(view[-1], True, self.form) for view in scene["real_views"]]
            )
            yield Term("D_real", real, self.discriminator_weight)
            yield Term("D_fake", fake, self.discriminator_weight)

    def _over(self, scales: list[Tensor]) -> Tensor:
        total = torch.stack(scales)
        return total.sum() if self.over_scales == "sum" else total.mean()
