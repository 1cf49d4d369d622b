"""The menu of data that the package `datasets` of Hugging Face keeps."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field

from gan_zoo.components import expand_user
from gan_zoo_data.modes import Mode
from gan_zoo_data.table_specs import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gan_zoo.components import Dataset, Found, Refused
    from gan_zoo_data.tables.hub_rows import HubRows


class HfDatasetSpec(Columns, name="hf_dataset"):
    """Samples in the columns of a data set of Hugging Face's package `datasets`.

    The root is a folder that `save_to_disk` wrote, or `hf://` with the name of a public data set,
    which needs the network when it is read first (where there is none, HF_HUB_OFFLINE=1 in the
    environment says so at once, and takes what was read before). A column a map, a row a sample;
    the columns hold pictures (the feature `Image`). A column `name` names the samples, without it
    their number in the split does. Pictures are read and resized as by `paired_folder`, maps of
    ids as by `label_folder`. Rows are read by their number; streams are not read.

    Needs the extra `datasets`.
    """

    root: str
    """The folder that `save_to_disk` wrote, or a public name such as hf://huggan/facades."""
    pictures: dict[str, Mode] = Field(
        {"source": "rgb", "target": "rgb"}, examples=[{"target": "grey"}]
    )
    """Maps that are pictures, and the mode of each, as of `manifest`."""
    columns: dict[str, str] = Field({}, examples=[{"target": "image"}])
    """Map -> its column, where that is called otherwise than the map; without, where there are no
    columns source and target, they are imageA and imageB."""
    splits: dict[str, str] = Field({}, examples=[{"train": "dev"}])
    """Split -> what it is called there; without, `val` is also `validation`."""

    @classmethod
    def example(cls) -> Self:
        """A folder that is not at hand."""
        return cls(root="./pairs")

    @classmethod
    def recognize(cls, folder: Path) -> Found | Refused | None:
        """What `save_to_disk` wrote, by its columns."""
        from gan_zoo_data.tables.hub_recognition import recognize_rows

        return recognize_rows(cls, folder)

    def missing(self) -> list[str]:
        """The package `datasets`, where it is not installed, or the folder."""
        from gan_zoo_data.tables.hub_rows import NEEDED

        return [NEEDED] if find_spec("datasets") is None else super().missing()

    def with_absolute_paths(self) -> Self:
        """The same data from any working directory; a public name is one everywhere."""
        moved = super().with_absolute_paths()
        return moved.model_copy(update={"root": self.root}) if self._files().public else moved

    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Inputs to translate, at their own size.

        Args:
            path: A split in a folder that `save_to_disk` wrote, with the columns that are asked
                for; where only one is asked for, also a file of that map or a folder of them.
            pairs: Refused: maps lie in columns of their own.
            maps: The maps that the model asks for.
        """
        return super().inputs(path, pairs=pairs, maps=maps)

    def _files(self) -> HubRows:
        from gan_zoo_data.tables.hub_rows import HubRows

        return HubRows(
            expand_user(self.root),
            self._geometry(),
            self.root,
            self._kinds(),
            self.columns,
            self.splits,
        )
