"""A file with its header read, and its numbers as they are stored."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from gan_zoo.components import DataError
from gan_zoo_data.files import tiffs
from gan_zoo_data.files.decoder import PNG, decode, most_pixels, open_file, open_picture, too_large
from gan_zoo_data.files.stored import (
    COLORS,
    DEEP_PNG,
    MODES,
    ORIENTATION,
    STRETCHED,
    of_picture,
    of_tags,
    orientation_of,
    raw_modes,
)
from gan_zoo_data.files.tiffs import Tags

Array = np.ndarray[Any, Any]


class Opened:
    """A file with its header read. Close it.

    Args:
        path: The file.
        orient: Look for a tag that turns the picture wherever it may stand.
        large: A TIFF may have any number of pixels.

    Attributes:
        stored: What it holds.
        picture: As Pillow sees it; None where Pillow does not know such TIFF.
    """

    def __init__(self, path: Path, *, orient: bool = False, large: bool = False) -> None:
        self.path = path
        self.large = large
        self.tags: Tags | None = None
        self.picture: ImageFile | None = None
        self._file = open_file(path)
        try:
            self._look(orient=orient)
        except BaseException:
            self.close()
            raise

    def _look(self, *, orient: bool) -> None:
        """Read the header."""
        try:
            self.picture = open_picture(self.path, self._file)
        except DataError:
            self.tags = _tags(self.path)
            if self.tags is None:
                raise
            if not self.large:
                _refuse_large(self.path, self.tags)
        else:
            if self.picture.format == "TIFF":
                self.tags = _tags(self.path)
        self.by_bands = self.tags is not None and not _pillow_reads(self.picture, self.tags)
        if self.by_bands or self.picture is None:
            assert self.tags
            self.stored = of_tags(self.tags)
        else:
            self.stored = of_picture(self.picture, self.tags)
            if orient and self.stored.late:
                self.stored = replace(self.stored, late=False, orientation=_late(self.path))

    def close(self) -> None:
        """Let go of the file."""
        if self.picture is not None:
            self.picture.close()
        self._file.close()

    @property
    def factor(self) -> int:
        """What Pillow multiplies grey of less than 8 bits by; 1 where it does not."""
        raws = [] if self.by_bands or self.stored.colors != "grey" else raw_modes(self.picture)
        return STRETCHED.get(raws[0][:3], 1) if raws else 1

    def numbers(self, *, stretched: bool = False) -> Array:
        """All numbers as they are stored, `H W C`, turned as a tag says.

        Args:
            stretched: Grey of less than 8 bits as 8 bits show it, 0 to 255.

        Raises:
            DataError: the file cannot be decoded.
        """
        factor = self.factor  # of the header, which decoding forgets
        pixels = self._turned(self._numbers())
        return pixels if stretched or factor == 1 else pixels // factor

    def colored(self, mode: str) -> Array:
        """The same as colors, `H W C`: a palette's entries in place of the index."""
        assert self.picture
        self.picture = decode(self.path, self.picture)
        return self._turned(np.asarray(self.picture.convert(mode)))

    def _numbers(self) -> Array:
        if self.by_bands or self.picture is None:
            assert self.tags
            return tiffs.read_bands(self.path, self.tags)
        [raw, *_] = raw_modes(self.picture) or [""]
        if raw in DEEP_PNG:
            return self._deep_png(raw)
        self.picture = decode(self.path, self.picture)
        pixels = _as_stored(np.asarray(self.picture), self.stored.dtype)
        return pixels[..., None] if pixels.ndim == 2 else pixels

    def _turned(self, pixels: Array) -> Array:
        """Pixels as they are seen; Pillow turned those of a TIFF itself, and forgot the tag."""
        orientation = self.stored.orientation
        if self.tags is not None and not self.by_bands and self.picture is not None:
            orientation = orientation_of(self.picture)
        return turn(pixels, orientation)

    def turned_late(self) -> int:
        """What a tag behind the pixels says, once they are decoded."""
        if self.picture is None or not self.stored.late:
            return 1
        return orientation_of(self.picture)

    def _deep_png(self, raw: str) -> Array:
        """A PNG of 16 bits a channel, `H W C`."""
        parts = []
        for told in DEEP_PNG[raw]:
            with open_file(self.path) as file:
                picture = open_picture(self.path, file)
                picture.tile = [_told(tile, told) for tile in picture.tile]
                parts.append(np.asarray(decode(self.path, picture)))
        if len(parts) == 1:  # the bytes themselves, the upper one first
            return np.ascontiguousarray(parts[0]).view(">u2").astype(np.uint16)
        upper, lower = (part.astype(np.uint16) for part in parts)
        return upper << 8 | lower


def _told(tile: Any, arguments: str) -> Any:
    """A tile whose decoder is told something else."""
    if hasattr(tile, "_replace"):
        return tile._replace(args=arguments)
    return (*tile[:3], arguments)  # Pillow before 11.0


def turn(pixels: Array, orientation: int) -> Array:
    """Pixels `H W ...` as an EXIF orientation says that they are seen."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in (2, 3, 6, 7) else pixels


def _late(path: Path) -> int:
    """How a PNG's tag turns it, which may stand behind the pixels: its chunks are passed over."""
    with path.open("rb", buffering=0) as file:  # a buffer would read what is passed over
        file.seek(len(PNG))
        while len(start := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", start)
            if kind == b"eXIf":
                exif = Image.Exif()
                exif.load(b"Exif\0\0" + file.read(length))
                return int(exif.get(ORIENTATION, 1))
            file.seek(length + 4, os.SEEK_CUR)
    return 1


def _refuse_large(path: Path, tags: Tags) -> None:
    if tags.height * tags.width > most_pixels():
        raise DataError(too_large(path, tags.height * tags.width))


def _tags(path: Path) -> Tags | None:
    try:
        return tiffs.read_tags(path)
    except OSError:
        return None  # the picture's own opening says why


def _pillow_reads(picture: ImageFile | None, tags: Tags) -> bool:
    """Whether Pillow gives all numbers of a TIFF as they are stored."""
    if picture is None or picture.mode not in COLORS:
        return picture is not None and tags.photometric in (6, 8)  # color that is refused as such
    if tags.photometric == 6:
        return True  # JPEG inside, decoded to color
    associated = tags.extras is not None and 1 in tags.extras
    if len(picture.getbands()) != tags.bands or associated:
        return False
    if any(";16" in raw and picture.mode in MODES.values() for raw in raw_modes(picture)):
        return False
    return bool(tags.dtype) and (tags.bits <= 8 or tags.bands == 1)


def _as_stored(pixels: Array, dtype: str) -> Array:
    """Pillow's numbers in the type that the file has: it knows int32 alone, and no int8."""
    if pixels.dtype == np.uint8 and dtype == "int8":
        return pixels.view(np.int8)
    if pixels.dtype == np.int32 and dtype == "uint32":
        return pixels.view(np.uint32)
    return pixels.astype(dtype or pixels.dtype, copy=False)
