"""Few of many times, for the eye."""

from __future__ import annotations

import math
from collections.abc import Sequence


def thinned(steps: Sequence[int], most: int) -> list[int]:
    """So many of the steps: the first, the last, and those between by the logarithm of the step.
    What goes each time is the one whose neighbors are nearest, so that the beginning, when much
    changes, stays dense.

    Args:
        steps: In order.
        most: At least 2.
    """
    left = list(steps)
    while len(left) > most:
        gaps = [
            math.log(max(1, left[n + 1]) / max(1, left[n - 1])) for n in range(1, len(left) - 1)
        ]
        left.pop(1 + gaps.index(min(gaps)))
    return left
