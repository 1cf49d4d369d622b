"""Files of odd formats for the tests of data: each writer returns the numbers that it stores."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image as Pictures
from PIL import PngImagePlugin

HEIGHT, WIDTH = 16, 24
Writer = Callable[[Path], np.ndarray]


def noise(dtype: str, bands: int = 1, low: float = 0, high: float = 250) -> np.ndarray:
    """Numbers `H W C`, the extremes among them."""
    made = np.random.default_rng(bands).uniform(low, high, (HEIGHT, WIDTH, bands))
    made[0, 0], made[0, 1] = low, high
    return made.astype(dtype)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(pixels: np.ndarray, depth: int, *late: bytes) -> bytes:
    """A PNG by hand, filtered: depths and places of chunks that Pillow does not write."""
    height, width, bands = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[bands]
    rows = pixels.astype({8: "u1", 16: ">u2"}[max(8, depth)]).reshape(height, -1)
    if depth < 8:
        bits = np.unpackbits(rows[..., None].astype(np.uint8), axis=-1)[..., 8 - depth :]
        rows = np.packbits(bits.reshape(height, -1), axis=-1)
    raw, previous, step = b"", None, max(1, bands * depth // 8)
    for number, row in enumerate(rows):
        now = np.frombuffer(row.tobytes(), np.uint8)
        if number % 2 and previous is not None:
            raw += b"\2" + (now - previous).tobytes()  # up
        else:
            raw += b"\1" + (now - np.concatenate([np.zeros(step, np.uint8), now[:-step]])).tobytes()
        previous = now
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + b"".join(late)
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")


def deep_png(bands: int) -> Writer:
    def write(path: Path) -> np.ndarray:
        stored = noise("uint16", bands, 0, 65535)
        path.write_bytes(png(stored, 16))
        return stored

    return write


def small_png(path: Path) -> np.ndarray:
    stored = noise("uint8", 1, 0, 15)
    path.write_bytes(png(stored, 4))
    return stored


def tiff(dtype: str, bands: int = 1, low: float = 0, high: float = 250, **how: object) -> Writer:
    """By tifffile; `planar` puts a band behind the other."""

    def write(path: Path) -> np.ndarray:
        stored = noise(dtype, bands, low, high)
        options = {"photometric": "minisblack", **how}
        planes = stored.transpose(2, 0, 1) if options.pop("planar", False) else stored
        if planes is not stored:
            options["planarconfig"] = "separate"
        elif bands > 1:
            options["planarconfig"] = "contig"
        tifffile.imwrite(path, planes if bands > 1 else planes[..., 0], **options)
        return stored

    return write


def holes(path: Path) -> np.ndarray:
    """Floats, some of which are no numbers."""
    stored = noise("float32", 1, -9, 9)
    stored[2:5, 7] = np.nan
    tifffile.imwrite(path, stored[..., 0])
    return stored


def pyramid(path: Path) -> np.ndarray:
    """A picture with a smaller copy of it behind, as programs for maps write it."""
    stored = noise("uint16", 3, 0, 9000)
    with tifffile.TiffWriter(path) as file:
        file.write(stored, photometric="rgb")
        file.write(stored[::2, ::2], photometric="rgb", subfiletype=1)
    return stored


def saved(mode: str, **how: object) -> Writer:
    """By Pillow, without loss."""

    def write(path: Path) -> np.ndarray:
        stored = noise("uint8", len(Pictures.new(mode, (1, 1)).getbands()))
        Pictures.frombytes(mode, (WIDTH, HEIGHT), stored.tobytes()).save(path, **how)
        return stored

    return write


def inks_jpeg(path: Path) -> np.ndarray:
    """Adobe's way: inks are stored inverted; one color all over, as JPEG is not exact."""
    stored = np.broadcast_to(np.array([10, 60, 110, 250], np.uint8), (HEIGHT, WIDTH, 4))
    Pictures.frombytes("CMYK", (WIDTH, HEIGHT), stored.tobytes()).save(path, quality=100)
    return stored


def texted(path: Path) -> np.ndarray:
    """Texts and a profile of more than Pillow takes, before and behind the pixels."""
    stored = noise("uint8", 3)
    text = chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(3_000_000)))
    profile = chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(1_500_000)))
    made = png(stored, 8, text)
    path.write_bytes(made[:33] + profile + text + made[33:])
    return stored


def described(path: Path) -> np.ndarray:
    """The same as Pillow writes it, which puts texts before the pixels."""
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", "x" * 3_000_000, zip=True)
    return saved("RGB", pnginfo=info)(path)


def turned(orientation: int, *, late: bool = False) -> Writer:
    """With a tag; returns the pixels as they are seen."""

    def write(path: Path) -> np.ndarray:
        stored = noise("uint8", 3)
        tag = Pictures.Exif()
        tag[0x0112] = orientation
        if late:
            body = tag.tobytes().removeprefix(b"Exif\0\0")
            path.write_bytes(png(stored, 8, chunk(b"eXIf", body)))
        else:
            exact = {"lossless": True} if path.suffix == ".webp" else {}
            Pictures.fromarray(stored).save(path, exif=tag, **exact)
        return seen(stored, orientation)

    return write


def broken_tags(path: Path) -> np.ndarray:
    """EXIF that nobody can read."""
    return saved("RGB", exif=b"Exif\0\0 no tags at all")(path)


def seen(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """What EXIF 2.3 says of each orientation: where row 0 and column 0 are seen."""
    upright = {
        1: lambda a: a,
        2: np.fliplr,  # top, right
        3: lambda a: np.rot90(a, 2),  # bottom, right
        4: np.flipud,  # bottom, left
        5: lambda a: a.swapaxes(0, 1),  # left, top
        6: lambda a: np.rot90(a, -1),  # right, top
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1),  # right, bottom
        8: lambda a: np.rot90(a, 1),  # left, bottom
    }
    return upright[orientation](pixels)


def patched(write: Writer, tag: int, value: int) -> Writer:
    """A little-endian TIFF with another number for a tag that holds one."""

    def change(path: Path) -> np.ndarray:
        stored = write(path)
        data = bytearray(path.read_bytes())
        (at,) = struct.unpack_from("<I", data, 4)
        for place in range(at + 2, at + 2 + 12 * struct.unpack_from("<H", data, at)[0], 12):
            if struct.unpack_from("<H", data, place)[0] == tag:
                struct.pack_into("<HII", data, place + 2, 4, 1, value)
        path.write_bytes(bytes(data))
        return stored

    return change


def cut(write: Writer, share: float) -> Writer:
    """The first part of a file."""

    def change(path: Path) -> np.ndarray:
        stored = write(path)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        return stored

    return change


def pages(*, mask: bool = False) -> Writer:
    """Two pictures in a file, or one and which of its pixels count."""

    def write(path: Path) -> np.ndarray:
        stored = noise("uint8", 3)
        with tifffile.TiffWriter(path) as file:
            file.write(stored, photometric="rgb")
            if mask:
                file.write(stored[..., 0] > 9, photometric="mask", subfiletype=4)
            else:
                file.write(stored, photometric="rgb")
        return stored

    return write


def raw(data: bytes) -> Writer:
    def write(path: Path) -> np.ndarray:
        path.write_bytes(data)
        return noise("uint8", 3)

    return write
