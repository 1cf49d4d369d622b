"""Which files a service takes, and how many pixels their headers tell: before anything is decoded.

Content types say that a picture comes; which one it is, its first bytes tell, as for a file whose
name is wrong. Files are called by what they are, so nothing that is sent is taken for a table.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from PIL import Image as PIL
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

MULTIPART = "multipart/form-data"
ANY = "application/octet-stream"  # what clients say that know no better
TYPES = ("image/png", "image/jpeg", "image/tiff", "image/webp", "image/bmp")
PORTABLE = ("image/x-portable-anymap", "image/x-portable-graymap", "image/x-portable-pixmap")
OTHER_NAMES = ("image/jpg", "image/x-ms-bmp", "image/tif")
BODIES = (*TYPES, *PORTABLE, *OTHER_NAMES, ANY)
ANSWERS = {".png": "image/png", ".tif": "image/tiff"}

TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
BIG = 43  # the version of a TIFF with places of 64 bits
WIDTH, HEIGHT, ROWS, TILE_WIDTH, TILE_HEIGHT = 256, 257, 278, 322, 323
STARTS = {
    b"\x89PNG": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"BM": ".bmp",
    **dict.fromkeys(TIFF, ".tif"),
    **{b"P%d" % kind: ".ppm" for kind in range(1, 7)},
}
SIMPLE = ("BMP", "JPEG", "PPM")  # Pillow reads their headers and no more
LONGEST = 2**31  # of a chunk


def suffix_of(path: Path) -> str:
    """The ending that a picture's name should have; that of PNG where it is none that is known."""
    with path.open("rb") as file:
        head = file.read(16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    return next((end for start, end in STARTS.items() if head.startswith(start)), ".png")


def read_size(path: Path) -> tuple[int, int] | None:
    """(height, width) that decoding a file would take memory for, of its header; None where that
    cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(30)
        try:
            if head[:4] == b"\x89PNG":
                return _png(file)
            if head[:4] in TIFF:
                return _tiff(file)
            if head[:4] == b"RIFF":
                return _webp(head)
            file.seek(0)
            with PIL.open(file, formats=SIMPLE) as picture:
                return picture.height, picture.width
        except Exception:  # a header may hold anything; who reads the file says what is wrong
            return None


def _png(file: BinaryIO) -> tuple[int, int] | None:
    """The largest size that a PNG tells before its pixels: Pillow takes the last one."""
    sizes: list[tuple[int, int]] = []
    at = 8
    while True:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\xff"))
        if kind in (b"IDAT", b"IEND") or length >= LONGEST:  # pixels, or no more chunks
            return max(sizes, key=lambda size: size[0] * size[1], default=None)
        if kind == b"IHDR":
            width, height = struct.unpack(">II", file.read(8))
            sizes.append((height, width))
        at += 12 + length


def _tiff(file: BinaryIO) -> tuple[int, int]:
    """The size of the first picture, or of a tile of it where that is larger."""
    file.seek(0)
    head = file.read(8)
    tags = Directory(head + file.read(8) * (BIG in (head[2], head[3])))
    file.seek(tags.next)
    tags.load(file)
    height, width = int(tags[HEIGHT]), int(tags[WIDTH])
    rows = min(int(tags.get(ROWS, height)), height)
    tile = int(tags.get(TILE_HEIGHT, rows)), int(tags.get(TILE_WIDTH, width))
    return max((height, width), tile, key=lambda size: size[0] * size[1])


def _webp(head: bytes) -> tuple[int, int]:
    """The size of the canvas. Pillow would make it to tell."""
    kind = head[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        (bits,) = struct.unpack("<I", head[21:25])
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[26:30]))
    return height, width
