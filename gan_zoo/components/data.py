"""Data: samples of named maps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, PositiveInt

from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Size, Spec

if TYPE_CHECKING:
    from pathlib import Path

    from gan_zoo.components.interfaces import Dataset


class DataSpec(Spec, kind="data"):
    """Samples of named maps: pictures (`source`, `target`) and ids (`label`, `instance`)."""

    per_phase = frozenset({"batch"})
    paired: ClassVar[bool] = True  # the maps of a sample belong together

    batch: PositiveInt = 1
    """Samples a step."""
    workers: int = Field(2, ge=0)
    """Processes that read ahead; order and pixels are the same for any number."""

    @abstractmethod
    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """The maps of a sample and their shapes in training, from the recipe alone."""

    def counting_options(self) -> Mapping[str, str]:
        """Map -> the option that says how many channels or classes it has, where one does."""
        return {name: name for name in self.maps() if name in type(self).model_fields}

    def ignored_ids(self, name: str) -> tuple[int, ...]:
        """Ids beyond its classes that a map may hold too; conditions make nothing of them."""
        return ()

    @abstractmethod
    def open(self, split: str, size: Size | None = None) -> Dataset:
        """The samples of a split. `size` [height, width] takes the place of the size rule.

        Raises:
            DataError: where the files are not what the recipe says; names the file.
        """

    @abstractmethod
    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Samples without a target, for translation: of a file or a folder, as they are.

        Args:
            pairs: The files hold input and target, as in training; take the input out of them.
            maps: The maps that the model asks for; all but the target if absent. With the target
                among them the path is one of targets, and the others lie where its layout says.

        Raises:
            DataError: names the file.
        """

    def inspect(self, split: str, size: Size | None = None) -> list[str]:
        """Every mistake in the files of a split that is found without reading pixels: before a run,
        which finds the others as it reads."""
        return []

    def decode(self, split: str, size: Size | None = None) -> list[str]:
        """As `inspect`, with all pixels read: for a check, since it may take minutes."""
        return self.inspect(split, size)

    def remarks(self, split: str) -> list[str]:
        """What `check` tells of the files of a split though nothing is wrong with them, with all
        pixels read."""
        return []

    def sizes(self, split: str, size: Size | None = None) -> Mapping[tuple[int, int], str]:
        """Each (height, width) in training -> its first file; empty if `maps` tells, or no file."""
        return {}
