"""What is read of a picture piece by piece, and what is seen beyond its border."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.windows import Windows
from gan_zoo.inference.networks import mirrored
from gan_zoo.inference.tiling.digests import digest
from gan_zoo.inference.tiling.layout import Box


class Whole:
    """A sample that is held in memory: of data that reads no windows.

    Args:
        dataset: Of the sample.
        index: Which one.
        maps: That are wanted.
    """

    def __init__(self, dataset: Dataset, index: int, maps: Sequence[str]) -> None:
        sample = dataset.read(index, None)
        self.maps = {name: sample.maps[name] for name in maps}
        self.size: tuple[int, int] = tuple(next(iter(self.maps.values())).shape[-2:])  # type: ignore[assignment]
        self.files = sample.files
        ask: Any = getattr(dataset, "unshown", None)
        self._nothing: np.ndarray | None = ask(index, maps) if ask is not None else None
        self.held = sum(one.numel() * one.element_size() for one in self.maps.values())

    @property
    def identity(self) -> str:
        """All that it holds."""
        return digest(self.maps)

    def read(self, top: int, left: int, height: int, width: int) -> Mapping[str, Tensor]:
        """A part of every map, `C H W`."""
        return {
            name: one[:, top : top + height, left : left + width] for name, one in self.maps.items()
        }

    def unshown(self, top: int, left: int, height: int, width: int) -> np.ndarray | None:
        """Which pixels of a part show nothing."""
        if self._nothing is None:
            return None
        return self._nothing[top : top + height, left : left + width]

    def close(self) -> None:
        """Nothing is open."""


def open_windows(dataset: Dataset, index: int, maps: Sequence[str]) -> Windows:
    """A sample to be read piece by piece, if its data can.

    Raises:
        DataError: names the file that is not what the recipe says.
    """
    ask: Any = getattr(dataset, "windows", None)
    windows: Windows = Whole(dataset, index, maps) if ask is None else ask(index, maps)
    return windows


def for_windows(dataset: Dataset) -> Dataset:
    """The same samples, where files are not refused for their size alone."""
    ask: Any = getattr(dataset, "for_windows", None)
    large: Dataset = dataset if ask is None else ask()
    return large


class Source:
    """A picture at the size that networks take: padded by reflection at the right and the bottom,
    as a whole one is.

    Args:
        windows: The picture.
        size: (height, width) with the pad.
    """

    def __init__(self, windows: Windows, size: tuple[int, int]) -> None:
        self.windows = windows
        self.size = size

    def read(self, box: Box) -> dict[str, Tensor]:
        """A part of every map, `C H W`."""
        rows = mirrored(box.top, box.bottom, self.windows.size[0])
        columns = mirrored(box.left, box.right, self.windows.size[1])
        first, left = int(rows.min()), int(columns.min())
        last, right = int(rows.max()) + 1, int(columns.max()) + 1
        found = dict(self.windows.read(first, left, last - first, right - left))
        if (last - first, right - left) == (box.height, box.width):
            return found
        down, across = rows - first, columns - left
        return {
            name: one.index_select(-2, down).index_select(-1, across) for name, one in found.items()
        }


def cut(band: Mapping[str, Tensor], box: Box, top: int) -> dict[str, Tensor]:
    """A tile of full rows that were read from a top on."""
    rows = slice(box.top - top, box.bottom - top)
    return {name: one[:, rows, box.left : box.right] for name, one in band.items()}
