"""What is kept of a map when its pixels have been read: enough to compare it with all others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

GRID = 128  # pixels of a side at which maps are judged, at most
THUMB = 16  # pixels of a side of what is kept
BITS = 8  # a hash compares so many neighbors in so many rows
NOISE = 2.0  # levels: neighbors that differ by less are equal, so that compression turns few bits


class Print(NamedTuple):
    """What is kept of one map.

    Args:
        size: (height, width).
        digest: 64 bits of all its pixels; the same for equal maps, in this process.
        thumb: `H W C` in levels of 0 to 255, of ids `H W`: by nearest.
        hash: 64 bits that say where it is brighter than at the right; 0 for ids.
        mean: In levels.
        spread: Standard deviation of the channel that varies most, in levels; where that of means
            of parts is more than noise, theirs, which is less.
        brightest: Mean of the brightest of 8 x 8 parts, in levels.
    """

    size: tuple[int, int]
    digest: int
    thumb: NDArray[np.generic]
    hash: int
    mean: float
    spread: float
    brightest: float


def to_levels(map_: Tensor) -> Tensor:
    """A picture `C H W` as floats of 0 to 255, whatever its numbers are: 8 bits, or [-1, 1]; what
    is no number as the middle.
    """
    if map_.dtype == torch.uint8:
        return map_.float()
    return ((map_.float() + 1) * 127.5).nan_to_num(127.5).clamp(0, 255)


def shrink(picture: Tensor, height: int, width: int) -> Tensor:
    """Means over the pixels that fall together, `C H W -> C height width`; never enlarged."""
    had, wide = picture.shape[-2:]
    height, width = min(height, had), min(width, wide)
    if had % height == 0 and wide % width == 0:  # much faster
        return F.avg_pool2d(picture[None], (had // height, wide // width))[0]
    return F.adaptive_avg_pool2d(picture, (height, width))


def shrink_ids(ids: Tensor, side: int) -> NDArray[np.int64]:
    """Ids `1 H W -> side side` by nearest."""
    height, width = ids.shape[-2:]
    rows = (torch.arange(side) * 2 + 1) * height // (2 * side)
    columns = (torch.arange(side) * 2 + 1) * width // (2 * side)
    chosen: NDArray[np.int64] = ids[0][rows][:, columns].numpy().astype(np.int64)
    return chosen


def thumbnail(picture: Tensor, side: int) -> NDArray[np.float32]:
    """A picture in levels, `C H W -> side side C`; one that is smaller is repeated."""
    made: NDArray[np.float32] = F.adaptive_avg_pool2d(picture, side).permute(1, 2, 0).numpy()
    return made


def take_print(map_: Tensor, levels: Tensor | None, small: Tensor | None) -> Print:
    """The print of a map.

    Args:
        map_: As it was read, `C H W`.
        levels: The same in levels; None for ids.
        small: That at GRID pixels; None for ids.
    """
    size = (map_.shape[-2], map_.shape[-1])
    raw = map_.contiguous().numpy()
    digest = hash((raw.dtype.str, raw.shape, raw.tobytes()))
    if levels is None or small is None:
        return Print(size, digest, shrink_ids(map_, THUMB), 0, 0, 0, 0)
    grey = small.mean(0, keepdim=True)
    wide = F.adaptive_avg_pool2d(grey, (BITS, BITS + 1))[0]
    bits = (wide[:, 1:] - wide[:, :-1] > NOISE).flatten().numpy()
    return Print(
        size,
        digest,
        thumbnail(small, THUMB).round().astype(np.uint8),
        int.from_bytes(np.packbits(bits).tobytes()),
        float(grey.mean()),
        max(_spread(small), _spread(levels) if _spread(small) < NOISE else 0.0),
        float(F.adaptive_avg_pool2d(grey, BITS).max()),
    )


def _spread(levels: Tensor) -> float:
    """Standard deviation of the channel that varies most."""
    about = levels - levels[:, :1, :1]  # small numbers where little varies
    variance = about.square().mean((1, 2)) - about.mean((1, 2)).square()
    return float(variance.max().clamp(min=0).sqrt())
