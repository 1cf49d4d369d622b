"""Samples that are there twice: equal in every pixel, or alike in every map but for compression,
brightness or a little more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gan_zoo.components.shapes import Image
from gan_zoo.data_tools.prints import Print, shrink_ids, thumbnail, to_levels
from gan_zoo.data_tools.thresholds import threshold

Prints = Mapping[str, Print]  # of the maps of one sample
ROWS = 256  # samples that are compared with all others at once
SLACK = 0.02  # what was kept of a sample is coarser than what decides
SIDE, ID_SIDE = 12, 32  # pixels of a side at which it is decided: few, as compression blurs


def equal_samples(samples: Sequence[Prints]) -> list[list[int]]:
    """Groups of samples that are equal in every pixel of every map."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, prints in enumerate(samples):
        groups[tuple(prints[name].digest for name in sorted(prints))].append(index)
    return [group for group in groups.values() if len(group) > 1]


def alike_samples(
    ones: Sequence[Prints], others: Sequence[Prints], shapes: Mapping[str, Image]
) -> Iterator[tuple[int, int]]:
    """Pairs (one, other) that may be alike, by what was kept of them; `alike` decides. Pictures
    that show nothing are like many others, and take no part.
    """
    pictures = [name for name, image in shapes.items() if not image.ids]
    if not ones or not others or not pictures:
        return
    here, there = _gathered(ones, shapes), _gathered(others, shapes)
    most = threshold("near.bits") * len(pictures)
    for start in range(0, len(ones), ROWS):
        rows = slice(start, start + ROWS)
        bits = np.zeros((len(ones[rows]), len(others)), np.float32)
        for name in pictures:
            bits += here[name].bits[rows] @ there[name].bits.T
        left, right = np.nonzero((64 * len(pictures) - bits) / 2 <= most)
        left += start
        sure = np.ones(len(left), bool)
        for name, image in shapes.items():
            a, b = here[name].thumbs[left[sure]], there[name].thumbs[right[sure]]
            if image.ids:
                good = (a == b).mean(1) > threshold("near.ids") - 4 * SLACK
            else:
                good = (a * b).sum(1) > threshold("near.likeness") - SLACK
            sure[sure] = good
        yield from zip(left[sure].tolist(), right[sure].tolist(), strict=True)


def alike(
    one: Mapping[str, Tensor], other: Mapping[str, Tensor], shapes: Mapping[str, Image]
) -> bool:
    """Whether two samples are alike in every map."""
    for name, image in shapes.items():
        if image.ids:
            same = shrink_ids(one[name], ID_SIDE) == shrink_ids(other[name], ID_SIDE)
            if same.mean() < threshold("near.ids"):
                return False
        else:
            likeness, difference = compare(one[name], other[name])
            if likeness < threshold("near.likeness") or difference > threshold("near.difference"):
                return False
    return True


def compare(one: Tensor, other: Tensor) -> tuple[float, float]:
    """Correlation of two pictures at SIDE pixels, and by how many standard deviations the worst of
    these pixels differs, once brightness and contrast are fitted: a parabola, since what was made
    brighter ends at white.
    """
    a, b = (thumbnail(to_levels(map_), SIDE).reshape(-1) for map_ in (one, other))
    if a.shape != b.shape or min(a.std(), b.std()) < threshold("constant.spread"):
        return 0.0, np.inf
    likeness = float(np.corrcoef(a, b)[0, 1])
    a, b = (a, b) if a.std() >= b.std() else (b, a)
    scaled = a / 255
    fitted = np.polyval(np.polyfit(scaled, b, 2), scaled)
    return likeness, float(np.abs(fitted - b).max() / b.std())


class _Gathered:
    """One map of many samples: the bits of hashes as -1 and 1 `N 64`, of which a product counts
    those that are equal; thumbnails `N D` of length 1, or ids `N D`.
    """

    def __init__(self, prints: Sequence[Print], *, ids: bool) -> None:
        hashes = np.array([one.hash for one in prints], np.uint64)
        bits = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1)
        self.bits = bits.astype(np.float32) * 2 - 1
        flat = np.stack([one.thumb.reshape(-1) for one in prints])
        self.thumbs: NDArray[Any] = flat if ids else _unit(flat.astype(np.float32))


def _gathered(samples: Sequence[Prints], shapes: Mapping[str, Image]) -> dict[str, _Gathered]:
    return {
        name: _Gathered([prints[name] for prints in samples], ids=image.ids)
        for name, image in shapes.items()
    }


def _unit(flat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors `N D` about their means, of length 1; of what is constant 0."""
    flat = flat - flat.mean(1, keepdims=True)
    length = np.sqrt((flat * flat).sum(1, keepdims=True))
    made: NDArray[np.float32] = flat / np.maximum(length, 1.0)
    return made
