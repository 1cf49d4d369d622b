"""Pictures for the eye: ids in colors, and a sheet of rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from einops import rearrange
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from torch import Tensor

GAP, TITLE = 4, 16  # pixels between pictures, and above each column
SMALLEST = 128  # pictures below are enlarged by whole factors, for the eye


def color_ids(ids: Tensor) -> Image.Image:
    """Ids `1 H W` in colors of their own: of the id's bits every third, lowest first, becomes a bit
    of red, of green, of blue, highest first. So neighbors differ most, and all ids below 2^24.
    """
    numbers = ids[0].numpy().astype(np.int64)
    color = np.zeros((*numbers.shape, 3), np.uint8)
    for place in range(24):
        bit = (numbers >> place & 1).astype(np.uint8)
        color[..., place % 3] |= bit << (7 - place // 3)
    return Image.fromarray(color)


def make_sheet(rows: list[dict[str, Image.Image]], captions: Sequence[str] = ()) -> Image.Image:
    """Rows of pictures with white gaps, under their titles; small ones enlarged.

    Args:
        rows: Title -> picture, the same titles in every row.
        captions: A line above each row, if any; letters that the font lacks become their numbers.
    """
    strip = TITLE * bool(captions)
    shown = [{name: _enlarged(picture) for name, picture in row.items()} for row in rows]
    width = max(picture.width for row in shown for picture in row.values())
    lines, tops, top = [], [], TITLE + GAP
    for row in shown:
        height = max(picture.height for picture in row.values())
        tops.append(top)
        top += strip + height + GAP
        cells = [_cell(picture, width, height) for picture in row.values()]
        line = rearrange(cells, "column h w c -> h (column w) c")
        lines += [np.full((strip, line.shape[1], 3), 255, np.uint8), line]
    pictures = np.concatenate(lines)
    written = [caption.encode("ascii", "backslashreplace").decode() for caption in captions]
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    longest = max([0, *(int(pen.textlength(line)) + 1 for line in written)])
    wide = GAP + max(pictures.shape[1], longest + GAP)
    sheet = np.full((TITLE + GAP + pictures.shape[0], wide, 3), 255, np.uint8)
    sheet[TITLE + GAP :, GAP : GAP + pictures.shape[1]] = pictures
    made = Image.fromarray(sheet)
    pen = ImageDraw.Draw(made)
    for column, title in enumerate(shown[0]):
        pen.text((GAP + column * (width + GAP), 2), title, fill="black")
    for top, caption in zip(tops, written, strict=False):
        pen.text((GAP, top + 2), caption, fill="black")
    return made


def sheet_bytes(sizes: list[tuple[int, int]], rows: int) -> int:
    """The most that a sheet takes on disk, about: its pixels in three colors.

    Args:
        sizes: (height, width) of the pictures of a row.
        rows: How many.
    """
    factors = [enlargement(min(size)) for size in sizes]
    height = max(factor * size[0] for factor, size in zip(factors, sizes, strict=True)) + GAP
    width = max(factor * size[1] for factor, size in zip(factors, sizes, strict=True)) + GAP
    return 3 * (TITLE + GAP + rows * height) * (GAP + len(sizes) * width)


def enlargement(side: int) -> int:
    """By which factor a picture is enlarged on a sheet.

    Args:
        side: Its shorter one, in pixels.
    """
    return max(1, SMALLEST // side)


def _enlarged(picture: Image.Image) -> Image.Image:
    factor = enlargement(min(picture.size))
    size = (picture.width * factor, picture.height * factor)
    return picture.convert("RGB").resize(size, Image.Resampling.NEAREST)


def _cell(picture: Image.Image, width: int, height: int) -> np.ndarray:
    """A picture with white at its right and below, up to a size and a gap. `h w 3`."""
    cell = np.full((height + GAP, width + GAP, 3), 255, np.uint8)
    cell[: picture.height, : picture.width] = np.asarray(picture)
    return cell
