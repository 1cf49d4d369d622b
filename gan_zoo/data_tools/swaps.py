"""Pairs whose input and target stand in each other's place: the input looks as all targets do, and
the target as all inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gan_zoo.data_tools.prints import Print
from gan_zoo.data_tools.thresholds import threshold

LEAST = 8  # pairs that tell what is usual


def find_swapped(inputs: Sequence[Print], targets: Sequence[Print]) -> list[int]:
    """The numbers of pairs that are swapped; none where both sides look alike, or differ in
    channels.
    """
    if len(inputs) < LEAST or inputs[0].thumb.shape != targets[0].thumb.shape:
        return []
    given, wanted = (np.stack([_features(one) for one in side]) for side in (inputs, targets))
    usual_given, usual_wanted = np.median(given, 0), np.median(wanted, 0)
    spread = np.median(np.abs(given - usual_given) + np.abs(wanted - usual_wanted), 0) + 1.0

    def far(features: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far pictures are from what is usual, in usual differences."""
        distance: NDArray[np.float64] = np.minimum(np.abs(features - usual) / spread, 10.0).sum(1)
        return distance

    straight = far(given, usual_given) + far(wanted, usual_wanted)
    crossed = far(given, usual_wanted) + far(wanted, usual_given)
    nearer = crossed < threshold("swapped.nearer") * straight
    apart = far(usual_given[None], usual_wanted)[0] >= threshold("swapped.apart")
    return np.flatnonzero(nearer).tolist() if apart else []


def _features(print_: Print) -> NDArray[np.float64]:
    """What a picture looks like at first sight, in levels: mean and spread of every channel, how
    far channels differ in a pixel, and how far neighbors do.
    """
    thumb = print_.thumb.astype(np.float64)
    colored = thumb.max(2) - thumb.min(2)
    slopes = np.abs(np.diff(thumb, axis=1)).mean() + np.abs(np.diff(thumb, axis=0)).mean()
    return np.array(
        [*thumb.mean((0, 1)), *thumb.std((0, 1)), colored.mean(), np.median(colored), slopes]
    )
