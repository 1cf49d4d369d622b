"""Whether the files of a column are pictures, labels or instances, judged by few of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_zoo.components import distinct_ids
from gan_zoo_data.files.decoder import FORMATS
from gan_zoo_data.folders.file_modes import count_modes, mode_of

LABELS = ("label", "mask", "seg", "class", "semantic", "annotation")  # in the name of a column
INSTANCES = ("inst",)
IDS = ("1", "L", "P", "I", "I;16", "I;16B")  # Pillow's modes of files that may hold ids
MOST_CLASSES = 64  # of higher numbers a grey file is a picture, if its column's name tells nothing
DONT_CARE = 255
AT_MOST = 512  # different instances in a picture, at least


@dataclass(frozen=True)
class Column:
    """A column that names pictures.

    Args:
        name: What it is called.
        kind: The option of the data that it belongs to: pictures, labels or instances; empty
            where none reads its files.
        mode: What that option says: a mode, or how many classes or instances there are.
        ignore: Ids that are no classes.
        notes: What was judged by few files, one sentence each.
    """

    name: str
    kind: str
    mode: Any
    ignore: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """Its name without signs and letter case."""
        plain = re.sub(r"[\W_]+", "", self.name.casefold())
        return re.sub(r"(file)?(name|path)?$", "", plain, count=1)


def judge_column(name: str, files: Sequence[Path]) -> Column:
    """What a column is, by its name and the first files in it."""
    few = list(dict.fromkeys(files))
    modes, ids = set(), set[int]()
    most = 0
    for path in few:
        try:
            with Image.open(path, formats=FORMATS) as picture:
                modes.add(picture.mode)
                if picture.mode in IDS:
                    own = distinct_ids(np.asarray(picture).astype(np.int32)).tolist()
                    ids.update(own)
                    most = max(most, len(own))
        except Exception:  # decoders raise all kinds, and do not know all that is read
            return _picture(name, few)
    plain = name.casefold()
    if not modes <= {*IDS}:
        return _picture(name, few)
    if any(word in plain for word in INSTANCES):
        return Column(name, "instances", max(AT_MOST, 2 * most), (), _said(name, few))
    named = any(word in plain for word in LABELS)
    classes = [id for id in ids if id != DONT_CARE]
    few_low = len(classes) > 1 and max(classes) < MOST_CLASSES  # 0 and 255 alone are a drawing
    if modes <= {"P", "1"} or named or few_low:
        count = max(classes, default=0) + 1
        ignore = (DONT_CARE,) * (DONT_CARE in ids)
        if count <= 1 and ignore:  # a mask of 0 and 255, which reading refuses with its cure
            count = 2
        return Column(name, "labels", count, ignore, _said(name, few))
    return _picture(name, few)


def _picture(name: str, files: Sequence[Path]) -> Column:
    """A column of pictures, if they are of one mode that is read."""
    modes = count_modes(files)
    if not modes:
        return Column(name, "", f"{files[0].name}, which cannot be read")
    if len(modes) > 1 or None in modes.values():
        return Column(name, "", f"files of the mode{'s' * (len(modes) > 1)} {', '.join(modes)}")
    mode, notes = mode_of(files, name)
    return Column(name, "pictures", mode, (), tuple(notes))


def _said(name: str, files: Sequence[Path]) -> tuple[str, ...]:
    return (
        f"{name} was judged by {len(files)} file{'s' * (len(files) != 1)}; `gan-zoo check` names "
        "ids beyond.",
    )
