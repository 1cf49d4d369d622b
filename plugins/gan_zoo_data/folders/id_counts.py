"""What a recipe says of label maps that hold ids, judged by some of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from gan_zoo.components import distinct_ids
from gan_zoo_data.files.id_faults import MASK
from gan_zoo_data.files.opened import Opened
from gan_zoo_data.folders.file_modes import spread

COUNTED = 200  # label maps whose ids are counted
FEW = 96  # different numbers that a label map holds at most, in the mean
NOTHING = (255, 65535, 2**31 - 1)  # ids that stand for none, where files have a negative one


class Numbers(NamedTuple):
    """What some label maps hold.

    Args:
        ids: Those that are there.
        each: How many different ones a file holds, in the mean.
        files: How many files were looked at.
    """

    ids: frozenset[int]
    each: float
    files: int

    @property
    def like_labels(self) -> bool:
        """Whether they look like ids of classes."""
        return bool(self.ids) and self.each <= FEW and self.ids != MASK


def count_ids(files: Sequence[Path]) -> Numbers:
    """The numbers in some files, as they are stored."""
    counted = []
    for file in spread(files, COUNTED):
        try:
            with closing(Opened(file)) as opened:
                numbers = opened.numbers()
        except Exception:  # who reads the file tells it
            continue
        if numbers.shape[-1] == 1 and numbers.dtype.kind in "iub":
            counted.append({int(one) for one in distinct_ids(numbers[..., 0])})
    mean = sum(map(len, counted)) / max(1, len(counted))
    return Numbers(frozenset().union(*counted), mean, len(counted))


def id_options(
    numbers: Numbers, count: int, known: tuple[int, tuple[int, ...]] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """What reads ids, and notes.

    Args:
        numbers: What they are.
        count: How many label maps there are.
        known: Classes, and ids beyond them, where the names of files tell.
    """
    if numbers.ids == MASK:
        note = "remap: {255: 1}, since label maps hold 0 and 255 alone, as masks do"
        return {"classes": 2, "remap": {255: 1}}, [note]
    below = sorted(one for one in numbers.ids if one < 0)
    classes, ignore = known or _classes(frozenset(one for one in numbers.ids if one >= 0))
    options: dict[str, Any] = {"classes": classes}
    notes = []
    if below:
        nothing = next(one for one in NOTHING if one >= classes)
        options["remap"] = dict.fromkeys(below, nothing)
        ignore = tuple(sorted({*ignore, nothing}))
        notes.append(
            f"remap: ids count from 0, and label maps hold {', '.join(map(str, below))}; where "
            f"that is no class, it becomes the ignored id {nothing}"
        )
    if ignore:
        options["ignore"] = list(ignore)
    if not known:
        told = f"classes: {classes} is told by the ids in {numbers.files} of {count} label maps"
        notes.append(told)
    return options, notes


def _classes(ids: frozenset[int]) -> tuple[int, tuple[int, ...]]:
    """How many classes, and the ids beyond: the last number of a byte or two."""
    beyond = {one for one in ids if one in (255, 65535) and one - 1 not in ids}
    rest = sorted(ids - beyond) or [0]
    return rest[-1] + 1, tuple(sorted(beyond))
