"""Picture files for the tests of data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Pictures

from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec

EXTENSIONS = ".bmp .jpeg .jpg .png .ppm .tif .tiff .webp"
SHARED = Path(__file__).parents[4] / "shared" / "data"  # real pictures, beside a checkout or not


def picture(mode: str = "RGB", height: int = 4, width: int = 6, value: int = 0) -> Pictures.Image:
    """A picture whose pixels tell where they are: row, column, value."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.uint8)
    bands = [rows, columns, np.full_like(rows, value), rows + columns]
    if mode in ("P", "1", "I", "F", "I;16"):
        return Pictures.new(mode, (width, height))
    count = len(Pictures.new(mode, (1, 1)).getbands())
    return Pictures.merge(mode, [Pictures.fromarray(band) for band in bands[:count]])


def save(path: Path, image: Pictures.Image | None = None, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or picture()).save(path, **options)
    return path


def side_by_side(a: Pictures.Image, b: Pictures.Image) -> Pictures.Image:
    both = Pictures.new(a.mode, (a.width + b.width, a.height))
    both.paste(a, (0, 0))
    both.paste(b, (a.width, 0))
    return both


def spec(root: Path, **options: object) -> PairedFolderSpec:
    return PairedFolderSpec.model_validate({"root": str(root), **options})


def one_pair(root: Path, height: int = 4, width: int = 6, **options: object) -> PairedFolderSpec:
    """One sample; every value of the target is 255 minus the source's."""
    source = picture(height=height, width=width, value=7)
    save(root / "A/train/x.png", source)
    save(root / "B/train/x.png", source.point(lambda value: 255 - value))
    return spec(root, **options)


def ids(values: object, dtype: type = np.uint8) -> Pictures.Image:
    """A map of ids."""
    return Pictures.fromarray(np.array(values, dtype))


LABELS = [[0, 0, 1, 1, 2, 2]] * 4  # of 4 x 6 pixels, as `picture` makes them
INSTANCES = [[0, 0, 1000, 1001, 33005, 65535]] * 4


def triple(
    root: Path, names: str = "x", split: str = "train", **options: object
) -> LabelFolderSpec:
    """A label map, an instance map and a photo for each letter of the names."""
    for name in names:
        save(root / f"{split}_label/{name}.png", ids(LABELS))
        save(root / f"{split}_inst/{name}.png", ids(INSTANCES, np.uint16))
        save(root / f"{split}_img/{name}.bmp", picture(value=ord(name)))
    return labelled(root, **options)


def labelled(root: Path, **options: object) -> LabelFolderSpec:
    return LabelFolderSpec.model_validate({"root": str(root), "classes": 3, **options})
