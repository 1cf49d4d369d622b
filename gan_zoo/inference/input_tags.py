"""What an input's file says besides its pixels, and a translation's may say too: where on earth it
lies, and how large it prints.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image as PIL
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

# pixel scale, tie points, transformation, and the keys of the reference system with their numbers
# and texts (OGC GeoTIFF 1.1, annex B)
GEOREFERENCE = (33550, 33922, 34264, 34735, 34736, 34737)
ORIENTATION = 274
WIDTH, HEIGHT, X_RESOLUTION, Y_RESOLUTION, UNIT = 256, 257, 282, 283, 296
INCH, CENTIMETER = 2, 3  # of the unit
BIG = 43  # the version of a TIFF with places of 64 bits
UNREADABLE = (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error)


@dataclass(frozen=True)
class InputTags:
    """What is kept of an input's file.

    Args:
        resolution: Across and down, in pixels a unit.
        unit: 1 none, 2 inch, 3 centimeter.
        georeference: Tag -> its type in TIFF and its values.
    """

    resolution: tuple[float, float] | None = None
    unit: int = INCH
    georeference: Mapping[int, tuple[int, Any]] = field(default_factory=dict)

    @property
    def dpi(self) -> tuple[float, float] | None:
        """The resolution in pixels an inch, where a length is known."""
        if self.resolution is None or self.unit not in (INCH, CENTIMETER):
            return None
        factor = 2.54 if self.unit == CENTIMETER else 1.0
        return self.resolution[0] * factor, self.resolution[1] * factor


def read_input_tags(path: str | Path, height: int, width: int) -> InputTags:
    """Look at the header of a file whose pixels were read; what it does not tell is not kept.

    Args:
        path: The file.
        height, width: Of the picture that was read of it: a georeference is that of the whole file.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(8)
            if head[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
                with PIL.open(path) as picture:
                    dpi = picture.info.get("dpi")
                return InputTags(dpi and (float(dpi[0]), float(dpi[1])))
            tags = Directory(head + file.read(8) * (BIG in (head[2], head[3])))
            file.seek(tags.next)
            tags.load(file)
            return _of_tiff(tags, height, width)
    except UNREADABLE:
        return InputTags()


def _of_tiff(tags: Directory, height: int, width: int) -> InputTags:
    resolution = tags.get(X_RESOLUTION), tags.get(Y_RESOLUTION)
    whole = (tags.get(HEIGHT), tags.get(WIDTH)) == (height, width)
    whole &= tags.get(ORIENTATION, 1) == 1  # else what was read may have been turned
    kept = [tag for tag in GEOREFERENCE if tag in tags] if whole else []
    across, down = (float(number or 0) for number in resolution)
    return InputTags(
        (across, down) if across > 0 and down > 0 else None,
        int(tags.get(UNIT, INCH)),
        {tag: (tags.tagtype[tag], tags[tag]) for tag in kept},
    )
