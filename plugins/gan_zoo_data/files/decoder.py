"""Open and decode a file with Pillow. Whatever goes wrong is told by the file's name.

The formats are a list, so that no file starts a program that it asks for, as EPS does. Texts and
color profiles are not read where they are larger than Pillow takes: pixels are all that counts.
"""

from __future__ import annotations

import io
import os
import re
import struct
import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from gan_zoo.components import DataError

EXTENSIONS = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
FORMATS = ("BMP", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
MOST = "GAN_ZOO_MOST_PIXELS"  # environment: open pictures of up to so many pixels
PNG = b"\x89PNG\r\n\x1a\n"
KNOWN = re.compile(
    rb"\x89PNG|\xff\xd8\xff|BM|P[1-6]\s|II\*\0|MM\0\*|II\+\0|MM\0\+|RIFF....WEBP", re.DOTALL
)
OTHERS = {  # what a file of another format starts with
    rb"%!PS|\xc5\xd0\xd3\xc6": "an EPS drawing",
    rb"%PDF": "a PDF document",
    rb"GIF8": "a GIF",
    rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51": "a JPEG 2000",
    rb"....ftyp(avif|avis)": "an AVIF",
    rb"....ftyp": "a HEIC or a film",
    rb"\x76\x2f\x31\x01": "an OpenEXR",
    rb"#\?RADIANCE|#\?RGBE": "a Radiance picture",
    rb"8BPS": "a Photoshop document",
    rb"\x93NUMPY": "a numpy array",
    rb"\x89HDF|CDF": "an HDF5 or NetCDF file",
    rb"SIMPLE  =": "a FITS file",
    rb"\s*(<\?xml|<svg)": "an SVG drawing or other XML",
}

# Pillow warns, without the file's name, of odd tags and of large pictures. What matters for pixels
# is refused here by name.
warnings.filterwarnings("ignore", module=r"PIL\.")


def most_pixels() -> float:
    """Pixels of the largest picture that is opened: as Pillow has it, or as the environment says.

    Raises:
        DataError: the environment says no number.
    """
    said = os.environ.get(MOST, "")
    if not said:
        return 2 * Image.MAX_IMAGE_PIXELS if Image.MAX_IMAGE_PIXELS else float("inf")
    if not said.isdecimal() or int(said) == 0:
        raise DataError(f"{MOST}: {said!r} came; a number of pixels is expected, as {10**9}")
    return int(said)


def open_file(path: Path) -> BinaryIO:
    """A file with bytes in it. Who opens it closes it: Pillow leaves one open that it cannot read,
    and errors that are kept would keep it so.

    Raises:
        DataError: it is not there, or empty.
    """
    try:
        file = path.open("rb")
    except OSError as problem:
        raise DataError(f"{path} cannot be opened ({problem.strerror or problem})") from problem
    if file.seek(0, os.SEEK_END) == 0:
        file.close()
        raise DataError(f"{path} is empty (0 bytes); get it again, or take it out")
    file.seek(0)
    return file


def open_picture(path: Path, file: BinaryIO) -> ImageFile:
    """An open file with its header read.

    Raises:
        DataError: it is no picture, of another format, damaged or too large.
    """
    limit = most_pixels()
    if Image.MAX_IMAGE_PIXELS and limit > 2 * Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = int(limit)  # the user's word, which holds for the whole process
    try:
        picture = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        raise DataError(_unidentified(path)) from None
    except Image.DecompressionBombError as problem:
        [pixels, *_] = map(int, re.findall(r"\d+", str(problem)))
        raise DataError(too_large(path, pixels)) from None
    except OSError as problem:
        raise DataError(f"{path} cannot be opened ({problem.strerror or problem})") from problem
    except Exception as problem:  # decoders raise all kinds
        picture = _without_text(path, problem)
    if picture.width * picture.height > limit:
        picture.close()
        raise DataError(too_large(path, picture.width * picture.height))
    return picture


def decode(path: Path, picture: ImageFile) -> ImageFile:
    """The picture with its pixels read; another one where texts behind them are too large.

    Raises:
        DataError: they cannot be read.
    """
    try:
        picture.load()
    except MemoryError as problem:
        raise no_memory(path, picture.width * picture.height) from problem
    except Exception as problem:  # as above
        tile = picture.tile
        picture = _without_text(path, problem)
        try:
            picture.tile = tile or picture.tile
            picture.load()
        except Exception as again:
            raise damaged(path, again) from again
    return picture


def damaged(path: Path, problem: Exception) -> DataError:
    """What is said of a file whose decoder gives up."""
    told = str(problem) or type(problem).__name__
    return DataError(f"{path} is damaged or cut short ({told}); get it again, or take it out")


def no_memory(path: Path, pixels: int) -> DataError:
    """What is said of a picture that memory does not hold."""
    return DataError(
        f"{path} does not fit into memory: it has {pixels:,} pixels; cut it into parts"
    )


def too_large(path: Path, pixels: int) -> str:
    """The refusal of a large picture, with the memory that it would take."""
    return (
        f"{path} has {pixels:,} pixels, which take {pixels * 3 / 1e9:.1f} GB as 8-bit color and "
        f"twice that while they are read; up to {most_pixels():,} are opened, as a broken header "
        f"may tell any number. Where it is true, say {MOST}={pixels} in the environment, or cut "
        "the picture into parts"
    )


def _unidentified(path: Path) -> str:
    """What a file is that Pillow does not know."""
    start = _start(path)
    if KNOWN.match(start):
        return f"{path} is damaged or cut short (in its header); get it again, or take it out"
    for pattern, what in OTHERS.items():
        if re.match(pattern, start, re.DOTALL):
            return f"{path} is {what}, whatever its name says; save it as PNG or TIFF"
    return f"{path} is not a picture, whatever its name says; get it again, or take it out"


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(32)
    except OSError as problem:
        raise DataError(f"{path} cannot be opened ({problem.strerror or problem})") from problem


def _without_text(path: Path, problem: Exception) -> ImageFile:
    """A PNG without its texts and profile, where they may be what its decoder stumbled over.

    Raises:
        DataError: it is no PNG, or it is not its texts.
    """
    if not isinstance(problem, ValueError) or _start(path)[:8] != PNG:
        raise damaged(path, problem) from problem
    try:
        return Image.open(io.BytesIO(_pixels_alone(path.read_bytes())), formats=["PNG"])
    except Exception as again:
        raise damaged(path, again) from again


def _pixels_alone(data: bytes) -> bytes:
    """A PNG without compressed texts, long ones and the color profile."""
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, end = data[at + 4 : at + 8], at + 12 + length
        # An uncompressed iTXt may hold XMP, which may say how the picture is turned.
        if kind not in (b"iCCP", b"tEXt", b"zTXt", b"iTXt") or (
            kind == b"iTXt" and length < 2**20 and data[at:end].split(b"\0\0", 1)[0][-1:] != b"\1"
        ):
            kept.append(data[at:end])
        at = end
    return b"".join(kept)
