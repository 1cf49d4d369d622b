"""Rows of tiles -> rows of a picture: what of two rows of tiles is held at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from gan_zoo.inference.tiling.layout import Layout


class Blend:
    """Adds the tiles of a picture, row by row of tiles, and gives rows that are done.

    Args:
        layout: The tiles.
        channels: D.
        row: The row of tiles that comes next.
        carried: What the row before it has left, `D R W`; the picture begins if None.
        dtype: Of the floats that come.
    """

    def __init__(
        self,
        layout: Layout,
        channels: int,
        row: int = 0,
        carried: np.ndarray | None = None,
        dtype: type[np.floating[Any]] = np.float32,
    ) -> None:
        self.layout = layout
        self.channels = channels
        self.row = row
        self.carried = carried
        self.dtype = dtype
        self._begin()

    def _begin(self) -> None:
        """Room for what the next row of tiles reaches."""
        self.top, bottom = self.layout.down.reached(self.row)
        self.strip = np.zeros((self.channels, bottom - self.top, self.layout.size[1]), self.dtype)

    def add(self, column: int, made: np.ndarray) -> None:
        """A tile of the row, floats `D H W`, with its share."""
        box = self.layout.tile(self.row, column)
        left, right = self.layout.across.reached(column)
        rows = slice(self.top - box.top, self.top - box.top + self.strip.shape[1])
        part = made[:, rows, left - box.left : right - box.left]
        self.strip[:, :, left:right] += part * self.layout.across.weights(column).astype(self.dtype)

    def finish(self) -> np.ndarray:
        """End the row of tiles: the rows of the picture that nothing changes any more, `D R W`."""
        down = self.layout.down
        self.strip *= down.weights(self.row).astype(self.dtype)[:, None]
        if self.carried is not None:
            self.strip[:, : self.carried.shape[1]] += self.carried
        done = down.settled(self.row) - self.top
        settled = self.strip[:, :done]
        self.carried = self.strip[:, done:].copy()
        self.row += 1
        if self.row < down.count:
            self._begin()
        return settled
