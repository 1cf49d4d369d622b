"""Maps for the eye, and pictures as files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image
from torch import Tensor

from gan_zoo.components.pictures import to_view
from gan_zoo.components.sheets import color_ids
from gan_zoo.runs.atomic import write_file

LARGEST = 256  # pixels of a side, for the eye


def draw_map(map_: Tensor, *, ids: bool, colors: str = "") -> Image.Image:
    """A map `C H W` for the eye, large ones made smaller: ids in colors of their own.

    Args:
        map_: As it was read; what is no number is drawn black.
        ids: Whether it holds ids.
        colors: What its channels are, as the data's `values` say.
    """
    drawn = color_ids(map_) if ids else to_view(map_.nan_to_num(-1), colors)
    rule = Image.Resampling.NEAREST if ids else Image.Resampling.BICUBIC
    drawn.thumbnail((LARGEST, LARGEST), rule)
    return drawn


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a PNG, which is there whole or not at all.

    Raises:
        OSError: names the file.
    """
    written = BytesIO()
    picture.save(written, format="PNG")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, written.getvalue())
