"""Label maps that are painted: a table of their colors, judged by some of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from gan_zoo_data.files.id_files import describe_misfit, numbers
from gan_zoo_data.files.ids import OPAQUE, Ids
from gan_zoo_data.files.opened import Opened
from gan_zoo_data.folders.file_modes import spread

Array = np.ndarray[Any, Any]
NOTHING: Array = np.zeros((0, 0, 3), np.int64)
LOOKED = 50  # files whose colors are counted
MOST = 64  # colors that a table holds; of smoothed edges there are hundreds


def propose_palette(files: Sequence[Path]) -> tuple[dict[int, list[int]], int] | str:
    """Id -> its color, by how many pixels have it, and how many files were looked at; or why their
    colors are no table of classes.
    """
    counts: dict[int, int] = {}
    looked = spread(files, LOOKED)
    for file in looked:
        try:
            with closing(Opened(file)) as opened:
                wrong, pixels = _colors(opened)
        except Exception:  # who reads the file tells it
            continue
        if wrong:
            return f"{file} is {wrong}"
        found, sizes = np.unique(
            pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2], return_counts=True
        )
        for color, size in zip(found.tolist(), sizes.tolist(), strict=True):
            counts[color] = counts.get(color, 0) + size
        if len(counts) > MOST:
            return (
                f"label maps hold ids, one number a pixel, or a color a class, and {file.parent} "
                f"holds color pictures of more than {MOST} colors"
            )
    ranked = sorted(counts, key=lambda color: (-counts[color], color))
    table = {id: [c >> 16, c >> 8 & 255, c & 255] for id, c in enumerate(ranked)}
    return (table, len(looked)) if table else f"{files[0]} and others cannot be read"


def _colors(opened: Opened) -> tuple[str, Array]:
    """Why a file is no painted map, or nothing; and its colors, `H W C`."""
    rule = Ids(palette=((0, (0, 0, 0)),))
    wrong = describe_misfit(opened, [rule])
    if not wrong and opened.stored.colors in ("grey", "bits"):
        wrong = (
            f"{opened.stored.words}, which holds a number a pixel, and other label maps beside it "
            "hold colors; convert one kind"
        )
    if wrong:
        return wrong, NOTHING
    pixels = numbers(opened, [rule]).astype(np.int64)  # as they are read by the table
    if (pixels[..., 3:] != OPAQUE).any():
        wrong = (
            "a color picture in which pixels shine through (alpha below 255); save it without "
            "alpha, or write a `palette` of four numbers a color"
        )
    return wrong, pixels
