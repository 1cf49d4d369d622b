"""Where the tiles of a picture lie, and which of them a pixel is taken from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Box(NamedTuple):
    """A part of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """The first column behind it."""
        return self.left + self.width


@dataclass(frozen=True)
class Side:
    """A side of a picture, cut into tiles of one length.

    Neighbors share twice the overlap. Each pixel belongs to the core of one tile; around the cut
    between two cores they are blended.

    Args:
        length: Of the side.
        tile: Of a tile.
        overlap: What a tile sees beyond its core, towards each neighbor.
        ramp: How far the blend reaches from a cut, to either side; at most the overlap, and half
            of a core.
    """

    length: int
    tile: int
    overlap: int
    ramp: int = 0

    @property
    def stride(self) -> int:
        """From a tile to the next."""
        return self.tile - 2 * self.overlap

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return max(0, -(-(self.length - self.tile) // self.stride)) + 1

    def start(self, number: int) -> int:
        """Where a tile begins; the last one ends where the side does, so that borders of the
        picture are those of a tile.
        """
        return max(0, min(number * self.stride, self.length - self.tile))

    def size(self) -> int:
        """The length of every tile: all of a side that is shorter than one."""
        return min(self.tile, self.length)

    def core(self, number: int) -> tuple[int, int]:
        """The pixels that belong to a tile: from, to."""
        begin = number * self.stride + self.overlap if number else 0
        last = number == self.count - 1
        return begin, self.length if last else (number + 1) * self.stride + self.overlap

    def reached(self, number: int) -> tuple[int, int]:
        """The pixels that a tile has a share of: its core and what is blended."""
        begin, end = self.core(number)
        return max(0, begin - self.ramp), min(self.length, end + self.ramp)

    def settled(self, number: int) -> int:
        """Up to which pixel nothing changes any more once a tile is added."""
        end = self.core(number)[1]
        return end if number == self.count - 1 else end - self.ramp

    def weights(self, number: int) -> np.ndarray:
        """The share of a tile in the pixels that it reaches: linear ramps, 1 between them."""
        begin, end = self.core(number)
        first, last = self.reached(number)
        made = np.ones(last - first)
        if self.ramp:
            rising = (np.arange(2 * self.ramp) + 0.5) / (2 * self.ramp)
            if begin > first:
                made[: 2 * self.ramp] = rising
            if last > end:
                made[len(made) - 2 * self.ramp :] = 1 - rising
        return made


@dataclass(frozen=True)
class Layout:
    """The tiles of a picture, in rows."""

    down: Side
    across: Side

    @classmethod
    def of(cls, size: tuple[int, int], tile: int, overlap: int, ramp: int = 0) -> Layout:
        """Square tiles for a picture of (height, width)."""
        return cls(*(Side(length, tile, overlap, ramp) for length in size))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture."""
        return self.down.length, self.across.length

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return self.down.count * self.across.count

    def tile(self, row: int, column: int) -> Box:
        """Where a tile lies."""
        return Box(
            self.down.start(row), self.across.start(column), self.down.size(), self.across.size()
        )

    def core(self, row: int, column: int) -> Box:
        """What belongs to it."""
        (top, bottom), (left, right) = self.down.core(row), self.across.core(column)
        return Box(top, left, bottom - top, right - left)
