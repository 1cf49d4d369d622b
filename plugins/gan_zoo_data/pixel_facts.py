"""What the pixels of many samples say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gan_zoo.components import DataError
from gan_zoo_data.faults import group_faults
from gan_zoo_data.files.ids import Ids
from gan_zoo_data.files.looks import Decoded, Pixels, classes_of, expected_ids
from gan_zoo_data.files.ranges import Outside, together

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode


class PixelFacts:
    """Gathered sample by sample.

    Args:
        kinds: Map -> mode of its files, or what their ids may be.
    """

    def __init__(self, kinds: Mapping[str, Mode | Ids]) -> None:
        self.kinds = kinds
        self._wrong: list[DataError] = []
        self._ids = {name: set[int]() for name, kind in kinds.items() if classes_of(kind)}
        self._outside: dict[str, list[Outside]] = {}

    def add(self, pixels: Pixels) -> None:
        """What one more sample says."""
        self._wrong += pixels.wrong
        for name, ids in pixels.ids.items():
            self._ids[name].update(ids)
        for name, beside in pixels.outside.items():
            self._outside.setdefault(name, []).append(beside)

    def decoded(self) -> Decoded:
        """What all of them say."""
        unseen = {
            name: tuple(id for id in expected_ids(self.kinds[name]) if id not in ids)
            for name, ids in self._ids.items()
        }
        return Decoded(
            tuple(group_faults(self._wrong)),
            {name: ids for name, ids in unseen.items() if ids},
            {name: together(several) for name, several in self._outside.items()},
        )
