"""Data: samples of named maps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, PositiveInt

from gan_zoo.components.shapes import Image, Values
from gan_zoo.components.spec import Size, Spec
from gan_zoo.errors import DataError, UserError

if TYPE_CHECKING:
    from pathlib import Path

    from gan_zoo.components.interfaces import Dataset, Sample


@dataclass(frozen=True)
class Found:
    """A folder whose layout a data component knows.

    Args:
        spec: The data that reads it, its root the folder.
        why: What was seen that tells the layout, one clause.
        pairs: Split -> how many samples.
        notes: What was skipped or is odd, and why; one sentence each.
        mistakes: Why splits that are there are not among `pairs`, by file: who names one of them
            cannot train.
    """

    spec: DataSpec
    why: str
    pairs: Mapping[str, int]
    notes: Sequence[str] = field(default=())
    mistakes: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Refused:
    """A folder that looks like a component's layout, and is not.

    Args:
        why: What was found, and which lines of a recipe would be right.
    """

    why: str


@dataclass(frozen=True)
class Glance:
    """What is known of a sample before its pixels are read, of names and headers alone.

    Args:
        name: Of the sample.
        files: That it is read from.
        fault: What is wrong with them, and the cure; names the file. Empty where nothing is.
    """

    name: str
    files: tuple[str, ...]
    fault: str = ""


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

    def id_rules(self, name: str) -> Mapping[str, Any]:
        """How ids of a map come out of its files, where these do not hold them as they are. In this
        order: `palette` (id -> color) or `colors` (what any color means), then `remap` (number ->
        id, `others` for all that are not named)."""
        return {}

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

    def input_name(self, name: str) -> str:
        """What a file of a map is called, without its ending, so that `inputs` takes it for one:
        for files that nobody has named, as those that are sent to a service."""
        return name

    @classmethod
    def recognize(cls, folder: Path) -> Found | Refused | None:
        """What this component makes of a folder of pictures; None where it is not its layout.
        Looks at names and headers, and at the pixels of few files at most."""
        return None

    @classmethod
    def write(
        cls, splits: Mapping[str, Iterable[Sample]], folder: Path, like: DataSpec
    ) -> DataSpec:
        """Write samples as files in this component's layout, as they are, and say what reads them.

        Args:
            splits: Split -> its samples, read without augmentation.
            folder: Is there, and empty.
            like: The data that they come from, for their maps and values.

        Raises:
            DataError: this layout does not hold such maps.
        """
        raise DataError(f"{cls.name} is data that cannot be written as files")

    @classmethod
    def list_files(
        cls, splits: Mapping[str, Iterable[Sample]], table: Path, like: DataSpec
    ) -> DataSpec:
        """Write a table of which files belong to which split, and say what reads it. The files stay
        where they are.

        Args:
            splits: Split -> its samples, of which names and files are asked for alone.
            table: The file, in a folder that is there.
            like: The data that they come from, for its maps and its size rule.

        Raises:
            DataError: there is no such table, or it cannot name these files.
        """
        raise DataError(f"{cls.name} reads no table that names files")

    def values(self, name: str) -> Values:
        """What the numbers of a picture mean in its files. Samples hold a picture of 0 to 255 as
        uint8, any other as floats in [-1, 1]."""
        return Values()

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

    def facts(self, split: str) -> list[str]:
        """What `check` and `run` tell of the files of a split from their headers, beside what the
        dataset describes: sizes and modes, a clause each."""
        return []

    def sizes(self, split: str, size: Size | None = None) -> Mapping[tuple[int, int], str]:
        """Each (height, width) in training -> its first file; empty if `maps` tells, or no file."""
        return {}


def move_data(data: DataSpec, root: str | Path) -> DataSpec:
    """The same data where it lies now.

    Raises:
        UserError: it lies in no folder that a user names.
    """
    if "root" not in type(data).model_fields:
        raise UserError(f"data: {data.name} has no root that could be changed")
    return data.model_copy(update={"root": str(root)})
