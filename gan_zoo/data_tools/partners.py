"""Targets that belong to another pair's input: both show the same edges, and neither shows those of
its own partner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from gan_zoo.data_tools.shifts import Floats
from gan_zoo.data_tools.thresholds import threshold

SIDE = 32  # means of edges a side: coarse, so that what lies a little beside still meets
LEAST = 8  # pairs that tell how well strangers meet
MOST = 4000  # pairs that are compared each with each: 64 MB, a second

Form = NDArray[np.float16]


class Stranger(NamedTuple):
    """A target that fits the input of another pair.

    Args:
        at: The target's number.
        other: The number of the pair whose input it fits.
        own: Correlation of its edges with those of its own input.
        found: With those of the other one.
    """

    at: int
    other: int
    own: float
    found: float


def form_of(edges: Floats) -> Form:
    """Where edges lie in a map, as a vector of mean 0 and length 1; zeros where there are none.

    Args:
        edges: `H W`, how steep each pixel is.
    """
    means = F.adaptive_avg_pool2d(torch.from_numpy(np.abs(edges))[None], SIDE).flatten()
    whole = float(means.norm())
    means = means - means.mean()
    length = float(means.norm())
    somewhere = length > 1e-4 * whole  # less is rounding
    made: Form = (means / length if somewhere else means * 0).numpy().astype(np.float16)
    return made


def find_strangers(inputs: Sequence[Form], targets: Sequence[Form]) -> list[Stranger]:
    """The targets that belong to another pair, where that is beyond doubt: each of the two is what
    the other fits best, by far better than its own partner and than any third.
    """
    if not LEAST <= len(inputs) <= MOST:
        return []
    fit = np.stack(targets).astype(np.float32) @ np.stack(inputs).astype(np.float32).T
    own = fit.diagonal().copy()
    np.fill_diagonal(fit, -2.0)  # less than any correlation
    each = np.arange(len(own))
    other = fit.argmax(1)
    best = fit[each, other]
    mutual = fit.argmax(0)[other] == each
    fit[each, other] = -2.0
    third = np.maximum(fit.max(1), np.maximum(own, own[other]))
    third = np.maximum(third, fit.max(0)[other])
    sure = mutual & (best - third > threshold("partner.gain"))
    return [
        Stranger(int(n), int(other[n]), float(own[n]), float(best[n])) for n in np.flatnonzero(sure)
    ]
