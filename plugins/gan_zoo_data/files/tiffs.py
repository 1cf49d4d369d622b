"""What the tags of a TIFF say, and its numbers by tifffile (the extra `tiff`): Pillow drops bands
beyond those that it knows, divides by associated alpha, and does not know many types.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

from gan_zoo.components import DataError, first_line
from gan_zoo_data.files.decoder import damaged, no_memory

Array = np.ndarray[Any, Any]
STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
BIG = (b"II+\0", b"MM\0+")
CURE = "pip install 'gan-zoo[tiff]'"
NODATA = 42113  # of GDAL
SMALLER, MASK = 1, 4  # bits of the tag that tells what a page is to the others
LOSSY = (6, 7, 22610, 33003, 33005, 34712, 34892, 50001, 50002)  # kinds of JPEG, WebP
KINDS = {1: "uint", 2: "int", 3: "float", 4: "uint"}
BASES = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}  # photometric -> channels of the color itself
MOST_PAGES = 10_000


class Tags(NamedTuple):
    """What a TIFF says of its first picture.

    Args:
        height, width: As stored, before an orientation turns them.
        bits: Of a number.
        kind: uint, int, float, or empty for others.
        bands: How many numbers a pixel has.
        photometric: 0 white is 0, 1 black is 0, 2 RGB, 3 palette, 5 inks, 6 YCbCr, 8 Lab.
        extras: What the bands beyond the color are: 0 unknown, 1 associated alpha, 2 alpha; None
            where nothing is said of them.
        lossy: Whether a compression mixes pixels.
        orientation: 1 to 8.
        pages: How many pictures there are, without smaller copies of the first.
        masked: Whether a page says which pixels count.
        nodata: The number of pixels that show nothing, as GDAL writes it; None where nobody says.
    """

    height: int
    width: int
    bits: int
    kind: str
    bands: int
    photometric: int
    extras: tuple[int, ...] | None
    lossy: bool
    orientation: int
    pages: int
    masked: bool
    nodata: float | None = None

    @property
    def dtype(self) -> str:
        """The type that holds its numbers; empty where numpy has none."""
        sizes = (16, 32, 64) if self.kind == "float" else (8, 16, 32, 64)
        size = next((size for size in sizes if size >= self.bits), 0)
        exact = self.kind == "uint" or size == self.bits
        return f"{self.kind}{size}" if self.kind and size and exact else ""

    @property
    def beyond(self) -> int:
        """Bands beyond the color."""
        return self.bands - BASES.get(self.photometric, self.bands)


def read_tags(path: Path) -> Tags | None:
    """The tags of a TIFF; None of any other file.

    Raises:
        DataError: they cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(8)
        if start[:4] not in STARTS:
            return None
        if start[:4] in BIG:
            start += file.read(8)
        try:
            directory = Directory(start)
            file.seek(directory.next)
            directory.load(file)
            tags, seen = _tags(directory), {0}
            following = _Following(tags.pages, tags.masked)
            while directory.next not in seen and len(seen) < MOST_PAGES:
                seen.add(directory.next)
                file.seek(directory.next)
                directory.load(file)
                following = following.joined(directory)
        except Exception as problem:  # its values may be anything
            raise damaged(path, problem) from problem
    return tags._replace(pages=following.pages, masked=following.masked)


class _Following(NamedTuple):
    """What the pages after the first one are."""

    pages: int
    masked: bool

    def joined(self, directory: Directory) -> _Following:
        said = int(_first(directory.get(254, 0)))
        if said & MASK:
            return self._replace(masked=True)
        return self if said & SMALLER else self._replace(pages=self.pages + 1)


def _nodata(directory: Directory) -> float | None:
    """What GDAL wrote as text, if it is a number."""
    text = str(directory.get(NODATA, "")).strip(" \0")
    try:
        return float(text)
    except ValueError:
        return None


def _tags(directory: Directory) -> Tags:
    bands = int(_first(directory.get(277, 1)))
    photometric = int(_first(directory.get(262, 1)))
    bits, kinds = _all(directory.get(258, 1)), _all(directory.get(339, 1))
    alike = len(set(bits)) == 1 and len(set(kinds)) == 1
    return Tags(
        height=int(_first(directory[257])),
        width=int(_first(directory[256])),
        bits=int(max(bits)),
        kind=KINDS.get(int(kinds[0]), "") if alike else "",
        bands=bands,
        photometric=photometric,
        extras=tuple(map(int, _all(directory[338]))) if 338 in directory else None,
        lossy=int(_first(directory.get(259, 1))) in LOSSY,
        orientation=int(_first(directory.get(274, 1))),
        pages=1,
        masked=False,
        nodata=_nodata(directory),
    )


def has_tifffile() -> bool:
    """Whether the extra is installed."""
    return find_spec("tifffile") is not None


def read_bands(path: Path, tags: Tags) -> Array:
    """All numbers of a TIFF as they are stored, `H W C`.

    Raises:
        DataError: tifffile is not installed, or the file is damaged or packed in a way that it
            cannot unpack.
    """
    tifffile = load_tifffile()
    try:
        with path.open("rb") as handle, tifffile.TiffFile(handle) as file:
            page = file.pages[0]
            pixels = np.asarray(page.asarray())
            axes = page.axes
    except MemoryError as problem:
        raise no_memory(path, tags.height * tags.width) from problem
    except Exception as problem:
        if "imagecodecs" in str(problem):
            raise DataError(
                f"{path} is compressed in a way that needs another package "
                f"({first_line(problem)}): pip install imagecodecs"
            ) from problem
        raise damaged(path, problem) from problem
    if axes == "SYX":
        pixels = pixels.transpose(1, 2, 0)
    pixels = pixels.reshape((*pixels.shape[:2], -1)) if pixels.ndim == 2 else pixels
    if pixels.shape != (tags.height, tags.width, tags.bands):
        wanted = (tags.height, tags.width, tags.bands)
        shapes = f"its pixels are {_by(pixels.shape)}, but its tags say {_by(wanted)}"
        raise DataError(f"{path} is damaged or of a rare layout ({shapes}); save it anew")
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


@cache
def load_tifffile() -> Any:
    """The package, quiet: it tells of odd tags without the file's name."""
    if not has_tifffile():
        raise DataError(f"this needs tifffile: {CURE}")
    import tifffile

    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    return tifffile


def _all(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _first(value: Any) -> Any:
    return _all(value)[0]


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
