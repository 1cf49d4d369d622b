"""Parts of a TIFF, read without the rest of it: its rows where it lies in one piece, else the
strips or tiles that a part touches.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gan_zoo.components import DataError
from gan_zoo_data.files import tiffs
from gan_zoo_data.files.decoder import damaged
from gan_zoo_data.files.tiffs import Array, Tags

STRAIGHT = (1, 2, 3, 5)  # photometric: numbers are what is stored, of palettes the index
WHOLE_BYTES = (8, 16, 32, 64)
LARGEST = 2**26  # bytes of a strip or tile that is unpacked for each part that touches it


class TiffWindows:
    """An open TIFF. Close it.

    Args:
        path: The file.
        tags: Of it.
    """

    def __init__(self, path: Path, tags: Tags) -> None:
        self.path = path
        self.tags = tags
        self._file = path.open("rb")
        try:
            self._tiff = tiffs.load_tifffile().TiffFile(self._file)
            self._page: Any = self._tiff.pages[0]
            self._in_one = bool(self._page.is_contiguous) and self._page.planarconfig == 1
        except BaseException:
            self._file.close()
            raise

    @classmethod
    def of(cls, path: Path, tags: Tags) -> TiffWindows | None:
        """The file, if parts of it can be read and hold what a whole reading gives; else None."""
        straight = tags.photometric in STRAIGHT and tags.orientation == 1
        if not (straight and tags.bits in WHOLE_BYTES and tags.dtype and tiffs.has_tifffile()):
            return None
        try:
            found = cls(path, tags)
        except Exception:  # a whole reading tells what is wrong
            return None
        if found._readable():
            return found
        found.close()
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def read(self, top: int, left: int, height: int, width: int) -> Array:
        """A part as it is stored, `H W C`.

        Raises:
            DataError: the file is damaged.
        """
        try:
            read = self._rows if self._in_one else self._segments
            made = read(top, left, height, width)
        except Exception as problem:  # decoders raise all kinds
            if isinstance(problem, DataError):
                raise
            raise damaged(self.path, problem) from problem
        return made.astype(made.dtype.newbyteorder("="), copy=False)

    def _readable(self) -> bool:
        """Whether there is a decoder, and segments are small."""
        page = self._page
        if tuple(page.shaped[2:4]) != (self.tags.height, self.tags.width) or page.shaped[1] != 1:
            return False
        if page.shaped[0] * page.shaped[4] != self.tags.bands:
            return False
        if self._in_one:
            return True
        sides = (
            (page.tilelength, page.tilewidth) if page.is_tiled else (self._strip(), page.imagewidth)
        )
        if sides[0] * sides[1] * page.shaped[4] * page.dtype.itemsize > LARGEST:
            return False
        try:
            self._segment(0)
        except Exception:  # as above
            return False
        return True

    def _rows(self, top: int, left: int, height: int, width: int) -> Array:
        """Of numbers that lie in one piece."""
        dtype = np.dtype(self._page.dtype).newbyteorder(self._tiff.byteorder)
        bands, wide = self.tags.bands, self.tags.width
        row = wide * bands * dtype.itemsize
        self._file.seek(self._page.dataoffsets[0] + top * row)
        data = self._file.read(height * row)
        if len(data) != height * row:
            raise ValueError("it ends before its pixels do")
        whole = np.frombuffer(data, dtype).reshape(height, wide, bands)
        return whole[:, left : left + width]

    def _segments(self, top: int, left: int, height: int, width: int) -> Array:
        page = self._page
        planes = page.shaped[0]
        high, wide = (
            (page.tilelength, page.tilewidth) if page.is_tiled else (self._strip(), page.imagewidth)
        )
        across, down = -(-self.tags.width // wide), -(-self.tags.height // high)
        made = np.empty((height, width, self.tags.bands), page.dtype)
        for plane in range(planes):
            for i in range(top // high, (top + height - 1) // high + 1):
                for j in range(left // wide, (left + width - 1) // wide + 1):
                    part, y, x = self._segment((plane * down + i) * across + j)
                    first, last = max(top, y), min(top + height, y + part.shape[0])
                    begin, end = max(left, x), min(left + width, x + part.shape[1])
                    bands = slice(plane, plane + 1) if planes > 1 else slice(None)
                    made[first - top : last - top, begin - left : end - left, bands] = part[
                        first - y : last - y, begin - x : end - x
                    ]
        return made

    def _segment(self, index: int) -> tuple[Array, int, int]:
        """A strip or tile `H W C` without its pad, and where it lies."""
        page = self._page
        self._file.seek(page.dataoffsets[index])
        count = page.databytecounts[index]
        data = self._file.read(count) if count else None
        segment, (_, _, y, x, _), (_, high, wide, bands) = page.decode(
            data, index, jpegtables=page.jpegtables
        )
        if segment is None:  # a sparse file leaves out what is empty
            return np.full((high, wide, bands), page.nodata, page.dtype), y, x
        return segment.reshape(segment.shape[-3:])[:high, :wide], y, x

    def _strip(self) -> int:
        return min(int(self._page.rowsperstrip), self.tags.height)
