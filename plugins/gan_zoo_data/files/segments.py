"""What the JSON file of COCO's panoptic maps says: the category of every segment (Kirillov et al.
2019; the format is that of cocodataset.org).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gan_zoo.components import DataError, first_line

Array = np.ndarray[Any, Any]
MOST = 2**24  # numbers that a color is


@dataclass(frozen=True)
class Segments:
    """The categories of the segments of a folder of panoptic maps.

    Args:
        file: The JSON file; with `stamp`, its size and time, all that tells two of them apart.
        table: The name of a map without its ending -> the numbers of its segments, sorted, and
            their categories, `2 N`.
        names: Category -> its name.
    """

    file: Path
    stamp: tuple[int, int]
    table: Mapping[str, Array] = field(repr=False, compare=False)
    names: Mapping[int, str] = field(repr=False, compare=False)

    def of(self, path: Path) -> Array:
        """The segments of a map and their categories, `2 N`, sorted; what lies between them has
        the number and the id 0.
        """
        return np.concatenate([np.zeros((2, 1), np.int64), self.table[path.stem]], axis=1)

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
    except OSError:
        raise DataError(
            f"{folder} holds panoptic maps, whose colors are segments, but {file}, which says the "
            "category of each, is not there; put it there"
        ) from None
    return _read(file, (found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=4)  # hundreds of megabytes, of which little is kept
def _read(file: Path, stamp: tuple[int, int]) -> Segments:
    try:
        told = json.loads(file.read_bytes())
        names = {int(one["id"]): str(one.get("name", "")) for one in told["categories"]}
        table = {Path(one["file_name"]).stem: _sorted(one) for one in told["annotations"]}
    except OSError as problem:
        raise DataError(f"{file} cannot be read ({problem.strerror or problem})") from problem
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        missing = f"no {problem}" if isinstance(problem, KeyError) else first_line(problem)
        raise DataError(
            f"{file} is no table of panoptic segments ({missing}): expected are categories: "
            "[{id, name}] and annotations: [{file_name, segments_info: [{id, category_id}]}]"
        ) from problem
    for name, (numbers, categories) in table.items():
        odd = [int(one) for one in categories if int(one) not in names]
        far = [int(one) for one in numbers if not 0 < one < MOST]
        if odd or far:
            wrong = f"the category {odd[0]}, which it" if odd else f"the segment {far[0]}, a color"
            why = "does not list" if odd else "that there is not"
            raise DataError(f"{file}: {name} has {wrong} {why}; get the file again")
    return Segments(file, stamp, table, names)


def _sorted(one: Mapping[str, Any]) -> Array:
    """Numbers of the segments of a map, and their categories, `2 N`."""
    pairs = [(int(part["id"]), int(part["category_id"])) for part in one["segments_info"]]
    return np.array(sorted(pairs), np.int64).reshape(-1, 2).T
