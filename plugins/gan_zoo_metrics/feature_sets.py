"""Scores of sets of pictures by the features of a network: Frechet and kernel distances, precision
and recall. Features are kept, not pictures; statistics are in float64.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.components import Sample
from gan_zoo_metrics.features import Features
from gan_zoo_metrics.kernels import cubic_kernel

ROWS = 1000  # of a matrix of distances that are in memory together


class FeatureSets:
    """Gathers the features of generated pictures and of their targets. Subclass it with `score`.

    Args:
        features: Of single pictures.
        require: Refuses a number of pictures that is too small to score.
    """

    def __init__(self, features: Features, require: Callable[[int], None]) -> None:
        self._features, self._require = features, require
        self._gathered: list[tuple[str, Tensor, Tensor]] = []  # name, of generated, of real

    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None:
        """Add one picture and its target, uint8 `C H W`."""
        features = self._features.of(generated), self._features.of(real)
        self._gathered.append((sample.name, *features))

    def compute(self) -> Any:
        """The score of all that was added.

        Raises:
            UserError: they are too few.
        """
        self._require(len(self._gathered))
        return self.score(*self.sets())

    def sets(self) -> tuple[Tensor, Tensor]:
        """Features `N D` of generated and of real pictures, by their names: draws from them are the
        same in whatever order they came.
        """
        ordered = sorted(self._gathered, key=lambda one: one[0])
        made, real = [one[1] for one in ordered], [one[2] for one in ordered]
        return torch.stack(made).double(), torch.stack(real).double()

    @abstractmethod
    def score(self, generated: Tensor, real: Tensor) -> Any:
        """Of features `N D`, float64."""

    def protocol(self) -> Any:
        """The network, by a digest of its weights."""
        return self._features.judge

    @property
    def count(self) -> int:
        """How many were added."""
        return len(self._gathered)


# ---------------------------------------------------------------------------------- Frechet


class FrechetDistance(FeatureSets):
    """The squared Frechet distance of two Gaussians (Heusel et al. 2017, eq. 6).

    Args:
        features, require: As above.
        unbiased_from: The number of pictures below which the score is marked as biased.
    """

    def __init__(
        self, features: Features, require: Callable[[int], None], *, unbiased_from: int
    ) -> None:
        super().__init__(features, require)
        self._unbiased_from = unbiased_from

    def score(self, generated: Tensor, real: Tensor) -> float:
        """The distance."""
        return frechet_distance(generated, real)

    def beside(self) -> Mapping[str, float]:
        """A mark where there are few pictures."""
        few = self.count < self._unbiased_from
        return {"biased_below": float(self._unbiased_from)} if few else {}


def frechet_distance(one: Tensor, other: Tensor) -> float:
    """|m - n|^2 + tr(S + T - 2 (S T)^(1/2)) of the means and covariances of features `N D`.

    With S = A'A and T = B'B, the trace of (S T)^(1/2) is the sum of the singular values of A B':
    no root of a matrix is needed, and rounding leaves no imaginary part, even where there are fewer
    pictures than features.
    """
    shift = one.mean(0) - other.mean(0)
    a, b = _root(one), _root(other)
    together = torch.linalg.svdvals(a @ b.T).sum()
    distance = shift.square().sum() + a.square().sum() + b.square().sum() - 2 * together
    return max(0.0, float(distance))  # of equal sets, rounding may be below


def _root(features: Tensor) -> Tensor:
    """A with A'A the covariance: the triangle of a QR decomposition, min(N, D) x D."""
    centered = (features - features.mean(0)) / (len(features) - 1) ** 0.5
    triangle: Tensor = torch.linalg.qr(centered, mode="r").R
    return triangle


# ---------------------------------------------------------------------------------- kernel


class KernelDistance(FeatureSets):
    """The squared maximum mean discrepancy with the kernel (x'y / D + 1)^3 (Binkowski et al. 2018),
    unbiased: its mean over subsets, which are drawn as torch-fidelity draws them.

    Args:
        features, require: As above.
        subsets: How many.
        size: Of a subset at most; half of the pictures if they are fewer than two of them.
        seed: Of the draws.
    """

    def __init__(
        self,
        features: Features,
        require: Callable[[int], None],
        *,
        subsets: int,
        size: int,
        seed: int,
    ) -> None:
        super().__init__(features, require)
        self._subsets, self._size, self._seed = subsets, size, seed
        self._last: tuple[int, list[float]] = (0, [])  # of so many pictures, of each subset

    def score(self, generated: Tensor, real: Tensor) -> float:
        """The mean over subsets."""
        count = len(generated)
        size = min(self._size, count // 2)
        draw, found = np.random.RandomState(self._seed), []
        for _ in range(self._subsets):
            chosen = [draw.choice(count, size, replace=False) for _ in range(2)]
            found.append(kernel_distance(generated[chosen[0]], real[chosen[1]]))
        self._last = (count, found)
        return float(np.mean(found))

    def beside(self) -> Mapping[str, float]:
        """How much the subsets differ: their standard deviation."""
        if self._last[0] != self.count:
            self.compute()
        return {"sd": float(np.std(self._last[1]))}


def kernel_distance(one: Tensor, other: Tensor) -> float:
    """The unbiased estimate of features `M D` and `M D`; may be a little below zero."""
    count = len(one)
    within = [cubic_kernel(x, x) for x in (one, other)]
    apart = [(k.sum() - k.diagonal().sum()) / (count * (count - 1)) for k in within]
    return float(apart[0] + apart[1] - 2 * cubic_kernel(one, other).mean())


# ---------------------------------------------------------------------------------- neighbors


class PrecisionRecall(FeatureSets):
    """Precision and recall of sets (Kynkaanniemi et al. 2019): the share of generated pictures that
    lie among the real ones, and of real ones among the generated.

    Args:
        features, require: As above.
        neighbors: A picture's ball reaches to its neighbor of this rank in its own set.
    """

    def __init__(
        self, features: Features, require: Callable[[int], None], *, neighbors: int
    ) -> None:
        super().__init__(features, require)
        self._neighbors = neighbors

    def score(self, generated: Tensor, real: Tensor) -> Mapping[str, float]:
        """Both."""
        return {
            "precision": share_within(generated, real, self._neighbors),
            "recall": share_within(real, generated, self._neighbors),
        }


def share_within(points: Tensor, others: Tensor, neighbors: int) -> float:
    """The share of points `N D` in the ball of at least one of the others `M D`."""
    radii = torch.cat(  # of the others the nearest is the point itself
        [torch.cdist(part, others).kthvalue(neighbors + 1).values for part in _parts(others)]
    )
    inside = [(torch.cdist(part, others) <= radii).any(1) for part in _parts(points)]
    return float(torch.cat(inside).double().mean())


def _parts(points: Tensor) -> Iterator[Tensor]:
    for start in range(0, len(points), ROWS):
        yield points[start : start + ROWS]
