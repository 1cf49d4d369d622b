"""A translation as a file: PNG where it holds the target's numbers, TIFF for all others."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image as PIL
from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory
from torch import Tensor

from gan_zoo.components.pictures import fits_png, tiff_words, to_pil
from gan_zoo.components.shapes import Values
from gan_zoo.errors import UserError
from gan_zoo.inference.input_tags import UNIT, X_RESOLUTION, Y_RESOLUTION, InputTags
from gan_zoo.inference.networks import to_8bit
from gan_zoo.inference.ranges import in_file_numbers

Format = Literal["auto", "png", "tiff"]
SUFFIXES: dict[str, Format] = {".png": "png", ".tif": "tiff", ".tiff": "tiff"}
NODATA = 42113  # GDAL's tag: the number of pixels that show nothing, as text
ASCII = 2  # the type of a tag
FINEST = 10_000  # the largest denominator of a resolution


def choose_suffix(values: Values, channels: int, wanted: Format = "auto") -> str:
    """The ending of translations' files.

    Args:
        values: What the target's files hold.
        channels: Of the target.
        wanted: `auto` takes PNG where it holds these.

    Raises:
        UserError: PNG was asked for and does not hold them, or TIFF cannot be written here.
    """
    fits = fits_png(values, channels)
    if wanted == "png" and not fits:
        inks = values.colors == "cmyk"
        many = "channel" if channels == 1 else "inks" if inks else "channels"
        raise UserError(
            f"translations are {channels} {many} of {values.dtype}, which PNG does not hold; "
            "write TIFF: --format tiff, or a name that ends in .tif"
        )
    if fits and wanted != "tiff":
        return ".png"
    if not _pillow_writes(values, channels):
        _tifffile()
    return ".tif"


def choose_format(format: Format, single: Path | None) -> Format:
    """What is asked for, by a word or by the name of the one file.

    Raises:
        UserError: it is no format, or the two are not one.
    """
    if format not in ("auto", "png", "tiff"):
        raise UserError(f"format: {format} came; auto, png or tiff was expected")
    if single is None:
        return format
    named: Format = SUFFIXES[single.suffix.lower()]
    if format not in ("auto", named):
        raise UserError(f"format: {format} came, but the file is to be called {single.name}")
    return named


def has_nodata(values: Values) -> bool:
    """Whether files of a target can say that a pixel shows nothing."""
    if values.nodata is None:
        return False
    dtype = np.dtype(values.dtype)
    if dtype.kind == "f":
        return True
    most = np.iinfo(dtype)
    return values.nodata.is_integer() and most.min <= values.nodata <= most.max


def as_file(
    made: Tensor,
    values: Values,
    suffix: str,
    tags: InputTags,
    nothing: np.ndarray | None = None,
) -> bytes:
    """A picture as the bytes of a file, in the target's type and range.

    Args:
        made: Floats in [-1, 1], `D H W`.
        values: What the target's files hold.
        suffix: As `choose_suffix` gives it.
        tags: Of the input; a PNG keeps its resolution alone.
        nothing: Pixels that become the number of no data, bools `H W`.
    """
    data = io.BytesIO()
    array = as_numbers(made, values, nothing)
    if suffix == ".png":
        dpi = {"dpi": tags.dpi} if tags.dpi else {}
        _pil(array, values).save(data, format="PNG", **dpi)
    elif _pillow_writes(values, len(array)):
        _pil(array, values).save(data, format="TIFF", tiffinfo=_directory(values, tags))
    else:
        _write_bands(data, array, values, tags)
    return data.getvalue()


def as_numbers(made: Tensor, values: Values, nothing: np.ndarray | None = None) -> np.ndarray:
    """A picture, or rows of one, in the numbers of the target's files, `D H W`.

    Args:
        made, values, nothing: As of `as_file`.
    """
    if values.plain:  # as previews and scores round
        array = to_8bit(made).numpy()
    else:
        array = in_file_numbers(made, values).numpy().astype(values.dtype)
    if nothing is None:
        return array
    return np.where(nothing, array.dtype.type(values.nodata), array)


def _pil(array: np.ndarray, values: Values) -> PIL.Image:
    import torch

    if array.dtype == np.uint16:
        return PIL.fromarray(array[0])
    return to_pil(torch.from_numpy(array), values.colors)


def _pillow_writes(values: Values, channels: int) -> bool:
    """Whether a TIFF needs no library but Pillow."""
    colors = channels in (1, 3) or (channels == 4 and values.colors in ("rgba", "cmyk"))
    return values.dtype == "uint8" and colors


def _write_bands(data: io.BytesIO, array: np.ndarray, values: Values, tags: InputTags) -> None:
    """Any type and number of channels, `D H W`."""
    channels = len(array)
    pixels = array[0] if channels == 1 else np.ascontiguousarray(np.moveaxis(array, 0, -1))
    _tifffile().imwrite(data, pixels, **_told(values, channels, tags))


def write_tiles(
    path: Path,
    tiles: Iterator[np.ndarray],
    shape: tuple[int, int, int],
    side: int,
    values: Values,
    tags: InputTags,
) -> None:
    """A tiled BigTIFF of a picture that is not held, with the tags that `as_file` gives one.

    Args:
        path: The file.
        tiles: `side side D` each, in rows.
        shape: `H W D` of the picture.
        side: Of a tile.
        values, tags: As of `as_file`.

    Raises:
        OSError: the disk is full.
    """
    height, width, channels = shape
    flat = (tile[..., 0] for tile in tiles) if channels == 1 else tiles
    size = (height, width) if channels == 1 else shape
    how = {**_told(values, channels, tags), "tile": (side, side), "dtype": np.dtype(values.dtype)}
    with _tifffile().TiffWriter(path, bigtiff=True) as file:
        file.write(flat, shape=size, **how)


def require_tifffile() -> None:
    """What writes tiles.

    Raises:
        UserError: it is not installed.
    """
    _tifffile()


def _told(values: Values, channels: int, tags: InputTags) -> dict[str, Any]:
    """What tifffile is told of a picture."""
    as_pillow = channels == 3 and _pillow_writes(values, channels)  # which takes it for color
    how = tiff_words(values.colors or "rgb" * as_pillow, channels)
    if tags.resolution:
        how["resolution"] = tags.resolution
        how["resolutionunit"] = tags.unit
    how["extratags"] = [
        (tag, kind, len(content) if kind == ASCII else len(_several(content)), content, True)
        for tag, (kind, content) in _private(values, tags).items()
    ]
    return how


def _directory(values: Values, tags: InputTags) -> Directory:
    """The same tags for Pillow."""
    directory = Directory()
    if tags.resolution:
        across, down = (Fraction(x).limit_denominator(FINEST) for x in tags.resolution)
        directory[X_RESOLUTION], directory[Y_RESOLUTION] = across, down
        directory[UNIT] = tags.unit
    for tag, (kind, content) in _private(values, tags).items():
        directory.tagtype[tag] = kind
        directory[tag] = content
    return directory


def _private(values: Values, tags: InputTags) -> dict[int, tuple[int, Any]]:
    found = dict(tags.georeference)
    if values.nodata is not None:
        found[NODATA] = (ASCII, f"{values.nodata:.17g}")
    return found


def _several(content: Any) -> tuple[Any, ...]:
    return content if isinstance(content, tuple) else (content,)


def _tifffile() -> Any:
    """The library that writes what Pillow cannot.

    Raises:
        UserError: it is not installed.
    """
    try:
        import tifffile
    except ImportError:
        raise UserError(
            "TIFF files of this type are written by tifffile, which is not installed: "
            "pip install 'gan-zoo[tiff]'"
        ) from None
    return tifffile
