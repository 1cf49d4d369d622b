"""Maps of ids: what a file of them may be, and which ids it may hold.

Ids are numbers, not colors. They are read as they are stored, whatever the depth of the file, and
nothing ever computes between two of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from gan_zoo.components import DataError, distinct_ids
from gan_zoo_data.faults import Fault, Misfit

Array = np.ndarray[Any, Any]
SHOWN = 5
MASK = {0, 255}  # what programs store where only yes and no are meant
LOSSY = ("JPEG", "MPO", "JPEG2000", "AVIF")
# Pillow's mode -> how a decoder is told to leave the numbers alone. Others stretch or invert them.
RAW: dict[str, tuple[str, ...]] = {
    "1": ("1", "1;R"),
    "L": ("L",),
    "P": ("P", "P;1", "P;2", "P;4"),
    "I;16": ("I;16", "I;16B", "I;16L", "I;16N"),
    "I;16B": ("I;16B",),
    "I": ("I", "I;16", "I;16B", "I;32", "I;32B", "I;32S", "I;32BS", "I;32N", "I;32NS"),
}
COLORS = frozenset({"RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV"})
EXACT = (255, 65535)  # largest values of portable grey maps that Pillow does not stretch


@dataclass(frozen=True)
class Ids:
    """What the ids of a map may be.

    Args:
        classes: Ids from 0 to less than this; None where any number from 0 is an id.
        ignore: Ids beyond the classes that it may hold as well.
        instances: At most so many different ids in one picture.
        said: The option of the recipe that says so, for messages.
    """

    classes: int | None = None
    ignore: tuple[int, ...] = ()
    instances: int | None = None
    said: str = ""


def describe_misfit(picture: Image.Image, *, fixed: bool = False) -> str:
    """Why a file that was opened cannot hold ids; empty where it can.

    Args:
        picture: With its header read.
        fixed: The model is trained, so the file may be of another map altogether.
    """
    if fixed and picture.mode in COLORS:
        return (
            "a color picture, but the model reads a map of ids here: grey or palette PNG with one "
            "number a pixel, made as those of training"
        )
    if picture.format in LOSSY or _jpeg_inside(picture):
        return (
            "stored as JPEG, which mixes the ids along every edge; make it anew from the original "
            "and save PNG"
        )
    if picture.mode in COLORS:
        return (
            "a color picture, but a map of ids holds one number a pixel. If its colors stand for "
            "classes, turn them into ids 0, 1, 2, ... (for each color: "
            "`ids[(picture == color).all(-1)] = number` in numpy) and save grey PNG"
        )
    if picture.mode not in RAW:
        return (
            f"of the mode {picture.mode}; a map of ids has one whole number a pixel and no alpha: "
            "save it as grey or palette PNG"
        )
    for tile in picture.tile:  # type: ignore[attr-defined]
        codec, _, _, arguments = tile
        told = arguments if isinstance(arguments, tuple) else (arguments,)
        raw = told[0] if told and isinstance(told[0], str) else picture.mode
        stretched = codec.startswith("ppm") and len(told) > 1 and told[1] not in EXACT
        if raw not in RAW[picture.mode] or stretched:
            return (
                f"stored in a way ({raw}) whose numbers would be stretched or inverted; save it "
                "with 8 or 16 bits a pixel"
            )
    return ""


def numbers(picture: Image.Image) -> Array:
    """The ids of a decoded file, int32 `H W`; of a palette picture the index."""
    return np.asarray(picture).astype(np.int32)


def judge(path: Path, numbers: Array, rule: Ids, *, fixed: bool = False) -> None:
    """Refuse ids that the recipe does not know.

    Args:
        path: The file, for messages.
        numbers: Its ids, `H W`.
        rule: What they may be.
        fixed: The rule is settled, by training: only the file can change.

    Raises:
        DataError: names the file, the ids, and the cure.
    """
    found = distinct_ids(numbers)
    if found[0] < 0:
        raise DataError(
            f"{path} holds the id {found[0]}, but ids count from 0; numbers from 2147483648 do not "
            "fit either"
        )
    if list_unknown_ids(found, rule):
        raise Misfit.of(path, Strange(rule, frozenset(found.tolist()), fixed))
    if rule.instances is not None and len(found) > rule.instances:
        raise Misfit.of(path, TooMany(rule, len(found), fixed))


@dataclass(frozen=True)
class Strange(Fault):
    """Ids that the recipe does not know.

    Args:
        rule: What they may be.
        found: All ids of the file, or of several.
        fixed: Only the file can change.
    """

    rule: Ids
    found: frozenset[int]
    fixed: bool

    @property
    def kind(self) -> tuple[Ids, bool]:
        """The rule that they break."""
        return self.rule, self.fixed

    def joined(self, other: Self) -> Self:
        """The ids of all files."""
        return replace(self, found=self.found | other.found)

    def told(self, *, several: bool = False) -> str:
        """The ids, what the recipe says, and the cure."""
        strange = list_unknown_ids(sorted(self.found), self.rule)
        more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
        ids = ", ".join(map(str, strange[:SHOWN]))
        hold = "together they hold" if several else "holds"
        rule = f"{self.rule.said}: {self.rule.classes}, which are 0 to {_last(self.rule)}"
        return (
            f"{hold} the id{'s' * (len(strange) > 1)} {ids}{more}, but the recipe says {rule}; "
            + self._cure(strange, ids)
        )

    def _cure(self, strange: list[int], shown: str) -> str:
        if self.fixed:
            return "give these pixels ids that the model knows"
        said = self.rule.said
        if self.found <= MASK:
            two = "" if self.rule.classes == 2 else f" and say `{said}: 2`"
            return (
                "as a mask of 0 and 255 it has two classes, whose ids are 0 and 1: divide the "
                f"files by 255{two}; only where 255 means unlabeled, say `ignore: [255]`"
            )
        kept = "".join(f"{one}, " for one in self.rule.ignore)
        ignored = kept + (shown if len(strange) <= SHOWN else f"{shown}, ...")
        return (
            f"say `ignore: [{ignored}]` where they are no classes, `{said}: {strange[-1] + 1}` "
            "where they are, or correct the file"
        )


@dataclass(frozen=True)
class TooMany(Fault):
    """More different ids in a picture than the recipe says.

    Args:
        rule: What they may be.
        count: How many there are.
        fixed: Only the file can change.
    """

    rule: Ids
    count: int
    fixed: bool

    @property
    def kind(self) -> tuple[str, Ids, bool]:
        """The rule that they break."""
        return "many", self.rule, self.fixed

    def joined(self, other: Self) -> Self:
        """The largest count."""
        return replace(self, count=max(self.count, other.count))

    def told(self, *, several: bool = False) -> str:
        """The count, what the recipe says, and the cure."""
        said = self.rule.said
        cure = "merge the smallest" if self.fixed else f"say `{said}: {self.count}` or more"
        hold = "each holds up to" if several else "holds"
        return (
            f"{hold} {self.count} different ids, but the recipe says {said}: "
            f"{self.rule.instances}; {cure}"
        )


def list_unknown_ids(found: Iterable[int], rule: Ids) -> list[int]:
    """Those of the ids that are neither classes nor ignored."""
    if rule.classes is None:
        return []
    return [int(one) for one in found if one >= rule.classes and one not in rule.ignore]


def _last(rule: Ids) -> str:
    ignored = f" and {', '.join(map(str, rule.ignore))}" if rule.ignore else ""
    return f"{(rule.classes or 0) - 1}{ignored}"


def _jpeg_inside(picture: Image.Image) -> bool:
    return "jpeg" in str(picture.info.get("compression", "")).lower()
