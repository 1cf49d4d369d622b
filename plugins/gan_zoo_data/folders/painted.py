"""Label maps that are painted: a table of their colors, judged by some of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from gan_zoo_data.files.opened import Opened
from gan_zoo_data.folders.file_modes import spread

LOOKED = 50  # files whose colors are counted
MOST = 64  # colors that a table holds; of smoothed edges there are hundreds


def propose_palette(files: Sequence[Path]) -> tuple[dict[int, list[int]], int] | None:
    """Id -> its color, by how many pixels have it, and how many files were looked at; None where
    there are too many colors for classes.
    """
    counts: dict[int, int] = {}
    looked = spread(files, LOOKED)
    for file in looked:
        try:
            with closing(Opened(file)) as opened:
                pixels: Any = opened.colored("RGB").astype(np.int64)
        except Exception:  # who reads the file tells it
            continue
        found, sizes = np.unique(
            pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2], return_counts=True
        )
        for color, size in zip(found.tolist(), sizes.tolist(), strict=True):
            counts[color] = counts.get(color, 0) + size
        if len(counts) > MOST:
            return None
    ranked = sorted(counts, key=lambda color: (-counts[color], color))
    table = {id: [c >> 16, c >> 8 & 255, c & 255] for id, c in enumerate(ranked)}
    return (table, len(looked)) if table else None
