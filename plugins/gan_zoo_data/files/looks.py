"""What a look at files of samples tells, and one map of a sample as networks see it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gan_zoo.components import DataError, distinct_ids
from gan_zoo_data.files import ranges
from gan_zoo_data.files.ids import Array, Ids, ids_of
from gan_zoo_data.files.pictures import Header
from gan_zoo_data.files.ranges import Outside
from gan_zoo_data.modes import PLAIN, reading_of

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode


class Survey(NamedTuple):
    """What the headers of a split say.

    Args:
        mistakes: What is wrong, by file.
        sizes: (height, width) in training -> the first file of it.
    """

    mistakes: tuple[str, ...]
    sizes: Mapping[tuple[int, int], str]


class Decoded(NamedTuple):
    """What the pixels of a split say.

    Args:
        mistakes: What is wrong, by file.
        unseen: Map -> its classes that no sample holds.
        outside: Map -> what lies beyond the range that is declared for it.
    """

    mistakes: tuple[str, ...]
    unseen: Mapping[str, tuple[int, ...]]
    outside: Mapping[str, Outside]


class Pixels(NamedTuple):
    """What the pixels of a sample say.

    Args:
        wrong: Its mistakes.
        ids: Map of labels -> the ids that are there.
        outside: Map -> what lies beyond its range.
    """

    wrong: list[DataError]
    ids: dict[str, list[int]]
    outside: dict[str, Outside]

    def add(self, name: str, path: Path, stored: Array, kind: Mode | Ids, fixed: bool) -> None:
        """Judge one map of the sample, as `seen` would."""
        try:
            if isinstance(kind, Ids):
                ids = distinct_ids(ids_of(path, stored, kind, fixed=fixed))
                self.ids.update({name: ids.tolist()} if classes_of(kind) else {})
            elif (beside := ranges.outside(path, stored, kind)) is not None:
                self.outside[name] = beside
        except DataError as problem:
            self.wrong.append(problem)


class File(NamedTuple):
    """A file as it is read: one may be a picture in one map and ids in another, and colors may
    stand for ids.
    """

    path: Path
    ids: bool
    by_color: bool

    @classmethod
    def of(cls, path: Path, kind: Mode | Ids) -> File:
        """The file of a map of that kind."""
        return cls(path, isinstance(kind, Ids), isinstance(kind, Ids) and kind.by_color)


class Heads(NamedTuple):
    """The headers of a sample's sound files, and what is wrong with it."""

    headers: Mapping[File, Header]
    wrong: list[DataError]


def seen(path: Path, stored: Array, kind: Mode | Ids, fixed: bool) -> Array:
    """What a file stores -> the map as networks see it: its picture `H W C`, or its ids `H W`.

    Args:
        path: The file, for messages.
        stored: Its numbers.
        kind: Its mode, or what its ids may be.
        fixed: Only the file can change.

    Raises:
        DataError: names the file, whose numbers are not what the recipe says.
    """
    if isinstance(kind, Ids):
        return ids_of(path, stored, kind, fixed=fixed)
    return ranges.scaled(path, stored, kind)


def sort(head: Header, kind: Mode | Ids) -> str:
    """What all files of a map share: what the channels are, and what tensors hold."""
    mixed = not isinstance(kind, Ids) and reading_of(kind).range == PLAIN
    return f"{head.mode} of {head.dtype}" if mixed else head.mode


def expected_ids(kind: Mode | Ids) -> list[int]:
    """The ids that some pixel should have: its classes, of panoptic maps those with a name."""
    if not isinstance(kind, Ids) or kind.classes is None:
        return []
    named = kind.segments.names if kind.segments and not kind.remap else range(kind.classes)
    return sorted(named)


def classes_of(kind: Mode | Ids) -> int:
    """How many classes a map has; 0 where it has none."""
    return (kind.classes or 0) if isinstance(kind, Ids) else 0
