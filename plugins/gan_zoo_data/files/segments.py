"""What the JSON file of COCO's panoptic maps says: the category of every segment (Kirillov et al.
2019; the format is that of cocodataset.org).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from gan_zoo.components import DataError, first_line, unreadable

Array = np.ndarray[Any, Any]
MOST = 2**24  # numbers that a color is


@dataclass(frozen=True)
class Segments:
    """The categories of the segments of a folder of panoptic maps.

    Args:
        file: The JSON file; with `stamp`, its size and time, all that tells two of them apart.
        table: The path of a map in its folder without its ending -> the numbers of its segments,
            sorted, and their categories, `2 N`.
        short: The name of a map alone -> its path, where no other map has the name.
        names: Category -> its name.
    """

    file: Path
    stamp: tuple[int, int]
    table: Mapping[str, Array] = field(repr=False, compare=False)
    short: Mapping[str, str] = field(repr=False, compare=False)
    names: Mapping[int, str] = field(repr=False, compare=False)

    def of(self, path: Path) -> Array:
        """The segments of a map and their categories, `2 N`, sorted; what lies between them has
        the number and the id 0.
        """
        key = self.key(path)
        assert key is not None, "a map of which nothing is told was refused as it was found"
        return np.concatenate([np.zeros((2, 1), np.int64), self.table[key]], axis=1)

    def digest(self, path: Path) -> int:
        """A number of 32 bits, another one where another thing is said of a map."""
        return int.from_bytes(blake2b(self.of(path).tobytes(), digest_size=4).digest(), "little")

    def key(self, path: Path) -> str | None:
        """The map of the table that a file is, by its path in the folder, or else by its name; None
        where it says nothing of it.
        """
        folder = self.file.with_suffix("")
        inside = path.relative_to(folder) if path.is_relative_to(folder) else path
        whole = inside.with_suffix("").as_posix()
        return whole if whole in self.table else self.short.get(path.stem)

    @property
    def classes(self) -> int:
        """How many ids there are: categories count from 1, and 0 is what no segment covers."""
        return max(self.names, default=0) + 1


def read_segments(folder: Path) -> Segments:
    """The segments of a folder of panoptic maps, which FOLDER.json beside it tells.

    Raises:
        DataError: it is not there, or it tells something else.
    """
    file = folder.with_name(f"{folder.name}.json")
    try:
        found = file.stat()
    except FileNotFoundError:
        raise DataError(
            f"{folder} holds panoptic maps, whose colors are segments, but {file}, which says the "
            "category of each, is not there; put it there"
        ) from None
    except OSError as problem:
        raise DataError(unreadable(problem)) from problem
    return _read(file, (found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=4)  # hundreds of megabytes, of which little is kept
def _read(file: Path, stamp: tuple[int, int]) -> Segments:
    try:
        told = json.loads(file.read_bytes())
        names = {int(one["id"]): str(one.get("name", "")) for one in told["categories"]}
        listed = [(_path(one["file_name"]), _sorted(one)) for one in told["annotations"]]
    except OSError as problem:
        raise DataError(unreadable(problem)) from problem
    except RecursionError as problem:
        raise DataError(f"{file} is nested too deeply to be read; get it again") from problem
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        missing = f"no {problem}" if isinstance(problem, KeyError) else first_line(problem)
        raise DataError(
            f"{file} is no table of panoptic segments ({missing}): expected are categories: "
            "[{id, name}] and annotations: [{file_name, segments_info: [{id, category_id}]}]"
        ) from problem
    table: dict[str, Array] = {}
    for name, segments in listed:
        if wrong := _what_is_wrong(segments, names):
            raise DataError(f"{file}: {name} has {wrong}")
        if name in table:
            raise DataError(f"{file} tells the segments of {name} twice; take one out")
        table[name] = segments
    counts = Counter(name.rpartition("/")[2] for name in table)
    short = {bare: name for name in table if counts[bare := name.rpartition("/")[2]] == 1}
    return Segments(file, stamp, table, short, names)


def _path(file: str) -> str:
    """The name of a map, with its folders and without its ending."""
    return PurePosixPath(file).with_suffix("").as_posix()


def _what_is_wrong(segments: Array, names: Mapping[int, str]) -> str:
    """Why the segments of a map are none, with the cure; empty where they are."""
    numbers, categories = segments.tolist()
    if odd := [one for one in categories if one not in names]:
        return f"the category {odd[0]}, which it does not list; get the file again"
    if low := [one for one in categories if one < 1]:
        return (
            f"the category {low[0]}, and 0 is what no segment covers: number categories from 1, as "
            "by adding 1 to every id in categories and every category_id"
        )
    if far := [one for one in numbers if not 0 < one < MOST]:
        return f"the segment {far[0]}, a color that there is not; get the file again"
    if twice := [one for one, count in Counter(numbers).items() if count > 1]:
        return f"the segment {twice[0]} twice; a color is one segment, so take one out"
    return ""


def _sorted(one: Mapping[str, Any]) -> Array:
    """Numbers of the segments of a map, and their categories, `2 N`."""
    pairs = [(int(part["id"]), int(part["category_id"])) for part in one["segments_info"]]
    return np.array(sorted(pairs), np.int64).reshape(-1, 2).T
