"""How far the target lies beside an input: phase correlation of their edges (Kuglin and Hines
1975), since edges are what two pictures of one thing share, whatever their colors.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from gan_zoo.data_tools.prints import GRID, shrink
from gan_zoo.data_tools.thresholds import threshold

Floats = NDArray[np.float32]
BLUR = 2.0  # pixels: edges that lie so near are one
AROUND = 4  # pixels: a place so near to the highest is the same
STILL = 1  # pixels: so near to no shift is no shift
LEAST = 4  # pairs that tell together


class Shift(NamedTuple):
    """Where the edges of target and input meet best.

    Args:
        right, down: How far the target lies beside the input, in pixels of the map.
        share: The same as a part of the side, the greater of both.
        gain: Standard deviations above the next place and above no shift.
        agreement: By how much the correlation of edges grows when the shift is undone.
    """

    right: float
    down: float
    share: float
    gain: float
    agreement: float


def picture_edges(small: Tensor) -> Floats:
    """Slopes of a picture `C H W -> H W`, whichever channel they are in."""
    across, down = torch.zeros_like(small), torch.zeros_like(small)
    across[:, :, :-1] = small[:, :, 1:] - small[:, :, :-1]
    down[:, :-1] = small[:, 1:] - small[:, :-1]
    return _soft((across.square() + down.square()).sum(0).sqrt())


def id_edges(ids: Tensor) -> Floats:
    """Where ids `1 H W` change, at GRID pixels `H W`."""
    edges = torch.zeros(ids.shape[-2:])
    edges[:, :-1] += ids[0, :, 1:] != ids[0, :, :-1]
    edges[:-1] += ids[0, 1:] != ids[0, :-1]
    return _soft(shrink(edges[None], GRID, GRID)[0])


def _soft(edges: Tensor) -> Floats:
    """Roots, so that a strong edge does not outweigh all others."""
    rooted: Floats = edges.sqrt().numpy()
    return rooted


def correlate(one: Floats, other: Floats) -> Floats:
    """Phase correlation of two maps of edges `H W`; place (y, x) stands for that shift, cyclic."""
    window, low = _window(*one.shape), _low_pass(*one.shape)
    weight = window.sum()
    one, other = ((map_ - (map_ * window).sum() / weight) * window for map_ in (one, other))
    product = np.fft.rfft2(one) * np.conj(np.fft.rfft2(other))
    product *= low / (np.abs(product) + 1e-9)
    found: Floats = np.fft.irfft2(product, s=one.shape).astype(np.float32)
    return found


def find_shift(
    found: Floats, size: tuple[int, int], edges: tuple[Floats, Floats] | None = None
) -> Shift:
    """How far the target lies beside an input.

    Args:
        found: What `correlate` made of a pair, or the sum of several.
        size: (height, width) of the maps, in whose pixels the answer is.
        edges: Those of input and target, which are asked whether they agree.
    """
    height, width = found.shape
    down, right = (int(n) for n in np.unravel_index(int(found.argmax()), found.shape))
    still = np.arange(-STILL, STILL + 1)
    unmoved = found[np.ix_(still % height, still % width)].max()
    near = np.arange(-AROUND, AROUND + 1)
    others = found.copy()
    others[np.ix_((near + down) % height, (near + right) % width)] = -np.inf
    gain = (found.max() - max(others.max(), unmoved)) / (found.std() + 1e-12)
    down, right = _signed(down, height), _signed(right, width)
    share = max(abs(down) / height, abs(right) / width)
    agreement = 0.0
    loud = gain >= threshold("shift.company") * threshold("shift.gain")
    if edges is not None and loud and max(abs(down), abs(right)) > STILL:
        given, target = map(_blurred, edges)
        moved = _likeness(given, target, down, right, 1)
        agreement = moved - _likeness(given, target, 0, 0, 2)
    return Shift(-right * size[1] / width, -down * size[0] / height, share, gain, agreement)


def is_shifted(shift: Shift) -> bool:
    """Whether a pair alone says so."""
    return (
        shift.share >= threshold("shift.least")
        and shift.gain >= threshold("shift.gain")
        and shift.agreement >= threshold("shift.agreement")
    )


def is_shifted_like(shift: Shift, others: list[Shift], size: tuple[int, int]) -> bool:
    """Whether a pair is shifted by what another one surely is; it may say so less loudly."""
    part = threshold("shift.company")
    if shift.gain < part * threshold("shift.gain") or shift.agreement < part * threshold(
        "shift.agreement"
    ):
        return False
    close = [STILL * side / min(side, GRID) for side in size]
    return any(
        abs(shift.down - other.down) <= close[0] and abs(shift.right - other.right) <= close[1]
        for other in others
    )


class Pool:
    """The correlations of all pairs of a split, added up: one shift that all of them share stands
    out, where each pair alone would leave doubt.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[int, ...], Floats] = {}
        self._counts: dict[tuple[int, ...], int] = {}
        self._sizes: dict[tuple[int, ...], tuple[int, int]] = {}

    def add(self, places: Floats, size: tuple[int, int]) -> None:
        """One pair more."""
        key = places.shape
        self._sums[key] = self._sums[key] + places if key in self._sums else places
        self._counts[key] = self._counts.get(key, 0) + 1
        self._sizes[key] = size

    def shared(self) -> Shift | None:
        """The shift of all pairs, if there is one."""
        if not self._counts:
            return None
        key = max(self._counts, key=lambda shape: self._counts[shape])
        if self._counts[key] < LEAST:
            return None
        places = self._sums[key]
        shift = find_shift(places, self._sizes[key])
        far = shift.share * max(key) > STILL + 1
        return shift if far and shift.gain >= threshold("shift.together") else None


def _signed(place: int, side: int) -> int:
    return (place + side // 2) % side - side // 2


@cache
def _window(height: int, width: int) -> Floats:
    """Hann's, so that the borders of the picture are no edges."""
    made = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    return made.astype(np.float32)


@cache
def _low_pass(height: int, width: int) -> Floats:
    frequencies = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width)[None] ** 2
    made: Floats = np.exp(-2 * (np.pi * BLUR) ** 2 * frequencies).astype(np.float32)
    return made


def _blurred(edges: Floats) -> Floats:
    whole = torch.from_numpy(edges)[None]
    for _ in range(2):
        whole = F.avg_pool2d(whole, 3, 1, 1)
    blurred: Floats = whole[0].numpy()
    return blurred


def _likeness(one: Floats, other: Floats, down: int, right: int, slack: int) -> float:
    """The best correlation of what overlaps, at a shift or a little beside it."""
    height, width = one.shape
    best = -1.0
    for y in range(down - slack, down + slack + 1):
        for x in range(right - slack, right + slack + 1):
            a = one[max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)]
            b = other[max(0, -y) : height + min(0, -y), max(0, -x) : width + min(0, -x)]
            a, b = a - a.mean(), b - b.mean()
            scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
            best = max(best, float((a * b).sum()) / scale if scale > 0 else -1.0)
    return best
