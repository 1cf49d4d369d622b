"""k-means with k-means++ seeding (Lloyd 1982; Arthur & Vassilvitskii 2007), on any device."""

from __future__ import annotations

import torch
from torch import Tensor

TRIES = 10  # seedings, of which the one with the smallest sum of squares is kept
ROUNDS = 300


def kmeans(points: Tensor, clusters: int, *, seed: int) -> Tensor:
    """Points `N C` -> at most so many centers `K C`, in the order of their sizes, largest first.

    Fewer where there are fewer different points. The draws are made on the CPU, so that the seed
    means the same on every device.

    Args:
        points: At least one.
        clusters: How many at most.
        seed: Of the first centers.
    """
    drawn = torch.Generator().manual_seed(seed)
    found = [_settled(points, _seeded(points, clusters, drawn)) for _ in range(TRIES)]
    _, centers, nearest = min(found, key=lambda one: one[0])
    sizes = nearest.bincount(minlength=len(centers))
    return centers[sizes.argsort(descending=True, stable=True)]


def _seeded(points: Tensor, clusters: int, drawn: torch.Generator) -> Tensor:
    """First centers: points, each drawn by its squared distance from those before it."""
    first = int(torch.randint(len(points), (), generator=drawn))
    chosen = [points[first]]
    far = _squares(points, points[first, None])[:, 0]
    while len(chosen) < clusters:
        below = far.cumsum(0)
        if not below[-1] > 0:
            break  # every point is a center already
        at = torch.rand((), generator=drawn, dtype=torch.float64).to(below) * below[-1]
        index = int(torch.searchsorted(below, at, right=True).clamp(max=len(points) - 1))
        chosen.append(points[index])
        far = torch.minimum(far, _squares(points, points[index, None])[:, 0])
    return torch.stack(chosen)


def _settled(points: Tensor, centers: Tensor) -> tuple[float, Tensor, Tensor]:
    """The sum of squares, the centers, and the center of each point, once nobody moves."""
    nearest = _squares(points, centers).argmin(1)
    for _ in range(ROUNDS):
        sums = torch.zeros_like(centers).index_add(0, nearest, points)
        counts = nearest.bincount(minlength=len(centers))[:, None]
        centers = torch.where(counts > 0, sums / counts.clamp(min=1), centers)
        before, nearest = nearest, _squares(points, centers).argmin(1)
        if torch.equal(before, nearest):
            break
    far = _squares(points, centers).gather(1, nearest[:, None])
    return far.sum().item(), centers, nearest


def _squares(points: Tensor, centers: Tensor) -> Tensor:
    """Squared distances, `N K`; from differences, so that those of equal points are zero."""
    return (points[:, None] - centers).square().sum(-1)
