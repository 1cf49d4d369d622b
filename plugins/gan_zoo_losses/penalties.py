"""Penalties: on the slope of the discriminator, and on the roughness of the picture.

The slope is that of the sum of all logits, over positions and scales, as the published programs
take it. One sum serves all samples, since none sees another; batch norm in a discriminator would
mix them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import torch
from torch import Tensor

from gan_zoo.components import Scene, Term

Judge = Callable[[Tensor], list[list[Tensor]]]  # picture -> views, outside autocast


def slope(judge: Judge, point: Tensor) -> Tensor:
    """The discriminator's gradient at pictures `B D H W`, with a graph to its weights."""
    point = point.detach().requires_grad_()
    # A view: torch's FLOP counter hooks what goes into modules, and no leaf under autograd.grad.
    views = judge(point.view_as(point))
    logits = torch.stack([view[-1].sum() for view in views]).sum()
    (gradient,) = torch.autograd.grad(logits, point, create_graph=True)
    return gradient


class GradientPenalty:
    """D_GP, mean of (norm of the slope - target)^2, for the discriminator.

    Args:
        at: Where the slope is taken: at pictures between real and fake, one drawn from torch's
            default generator for each pair, or at real or fake ones.
        target: The norm that is not punished.
        weight: Factor of D_GP, which is shown without it.
        every: Taken on each so many steps, with so many times the weight.
    """

    def __init__(
        self,
        *,
        at: Literal["mixed", "real", "fake"],
        target: float,
        weight: float,
        every: int,
    ) -> None:
        self.at = at
        self.target = target
        self.weight = weight
        self.every = every

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The discriminator's term."""
        if player == "discriminator" and scene.is_due(self.every):
            gradient = slope(scene["judge"], self._point(scene))
            norm = torch.linalg.vector_norm(gradient, dim=(1, 2, 3))  # B
            penalty = (norm - self.target).square().mean()
            yield Term("D_GP", penalty, self.weight * self.every)

    def _point(self, scene: Scene) -> Tensor:
        if self.at != "mixed":
            point: Tensor = scene[self.at]
            return point
        real, fake = scene["real"], scene["fake"]
        share = torch.rand(len(real), 1, 1, 1, dtype=real.dtype, device=real.device)
        mixed: Tensor = share * real + (1 - share) * fake
        return mixed


class R1:
    """D_R1, mean of the squared norm of the slope at real pictures, for the discriminator.

    Args:
        weight: Twice the factor of D_R1, which is shown without it.
        every: Taken on each so many steps, with so many times the weight.
    """

    def __init__(self, *, weight: float, every: int) -> None:
        self.weight = weight
        self.every = every

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The discriminator's term."""
        if player == "discriminator" and scene.is_due(self.every):
            squared = slope(scene["judge"], scene["real"]).square().sum(dim=(1, 2, 3)).mean()
            yield Term("D_R1", squared, self.weight / 2 * self.every)


class TotalVariation:
    """Mean absolute difference of `fake`, `B C H W`, to its right and to its lower neighbor, the
    two means added; a term of the generator.

    Args:
        weight: Factor of the term.
    """

    def __init__(self, *, weight: float) -> None:
        self.weight = weight

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        """The generator's term."""
        if player == "generator":
            fake = scene["fake"]
            rough = torch.stack([_mean_step(fake, dim) for dim in (-1, -2)]).sum()
            yield Term("G_TV", self.weight * rough)


def _mean_step(picture: Tensor, dim: int) -> Tensor:
    steps = picture.diff(dim=dim).abs()
    return steps.mean() if steps.numel() else steps.sum()  # a single row has no lower neighbor
