"""The kernel of kernel distances."""

from __future__ import annotations

from torch import Tensor


def cubic_kernel(one: Tensor, other: Tensor) -> Tensor:
    """(x.y / d + 1)^3 of features of d numbers (Binkowski et al. 2018, sec. 4): `N d`, `M d ->
    N M`.
    """
    return (one @ other.T / one.shape[1] + 1) ** 3
