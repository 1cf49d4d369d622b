"""Write scenes as folders of files, which the data `label_folder` reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gan_zoo.components import DataError

if TYPE_CHECKING:
    from gan_zoo_data.shipped_specs import ScenesSpec


def write(root: Path, spec: ScenesSpec, splits: Iterable[str]) -> int:
    """Write ROOT/SPLIT_label (8-bit PNG), ROOT/SPLIT_inst (16-bit) and ROOT/SPLIT_img (RGB).

    Files of the same name are overwritten.

    Args:
        root: Is made where it is not there.
        spec: Which scenes.
        splits: Some of train, val and test.

    Returns:
        How many scenes were written.

    Raises:
        DataError: there is no such split, or a file cannot be written; names it.
    """
    written = 0
    for split in splits:
        scenes = spec.open(split)
        for index in range(len(scenes)):
            sample = scenes.read(index, None)
            label, instance, picture = (
                sample.maps[name].numpy() for name in ("label", "instance", "target")
            )
            files = {
                "label": label[0].astype(np.uint8),
                "inst": instance[0].astype(np.uint16),
                "img": np.ascontiguousarray(picture.transpose(1, 2, 0)),
            }
            for kind, array in files.items():
                _save(root / f"{split}_{kind}" / f"{sample.name}.png", array)
            written += 1
    return written


def _save(path: Path, array: np.ndarray) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(path)
    except OSError as problem:
        raise DataError(
            f"cannot write {path}: {problem.strerror or problem}; name another folder, or make room"
        ) from problem
