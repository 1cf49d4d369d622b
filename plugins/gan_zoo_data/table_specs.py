"""The menu of data that a table names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, PositiveInt, model_validator
from pydantic_core import PydanticCustomError

from gan_zoo.components import Image, Size
from gan_zoo_data.bases import Files, Numbers, Table, refuse_ignored_classes
from gan_zoo_data.folder_specs import TINY
from gan_zoo_data.modes import Mode, channels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gan_zoo.components import Dataset
    from gan_zoo_data.ids import Ids
    from gan_zoo_data.manifest import Manifest


class ManifestSpec(Files, name="manifest"):
    """Samples named by a table: a CSV file, or one JSON object a line (JSONL).

        source,label,target                          {"label": "a.png", "target": "b.jpg"}
        shots/1.jpg,ids/1.png,out/1.jpg

    A column a map, a line a sample; every map is a file, by a path from the folder of the table.
    A column `split` says which split a line belongs to, unless every split has a table of its own.
    A column `name` names the samples; without it the path of the first map does. Other columns
    are not used, which is said. Files are read and resized as by `paired_folder`, maps of ids as
    by `label_folder`.
    """

    file: Table = Field("{split}.csv", examples=["all.csv"])
    """The table in the root; `{split}` in it stands for the split."""
    pictures: dict[str, Mode] = Field({}, examples=[{"target": "grey"}])
    """Columns of pictures, and the mode of each: rgb, grey, or the number of channels."""
    labels: dict[str, PositiveInt] = Field({}, examples=[{"label": 2}])
    """Columns of label maps, and how many classes each has."""
    ignore: Numbers = ()
    """Ids beyond the classes that label maps may hold too, such as [255] for "don't care"."""
    instances: dict[str, PositiveInt] = Field({}, examples=[{"instance": 600}])
    """Columns of instance maps, and how many different ids one picture may have at most."""

    @model_validator(mode="after")
    def _columns_agree(self) -> Self:
        columns = [*self.pictures, *self.labels, *self.instances]
        wrong = ""
        if not columns:
            wrong = "no column came; name those of pictures, labels or instances"
        elif twice := [name for name in dict.fromkeys(columns) if columns.count(name) > 1]:
            wrong = f"the column {twice[0]} came twice; a map is a picture, labels or instances"
        elif taken := [name for name in columns if name in ("name", "split")]:
            wrong = f"a map called {taken[0]} came, but that column has a meaning of its own"
        if wrong:
            raise PydanticCustomError("columns", "{wrong}", {"wrong": wrong})
        refuse_ignored_classes(self.ignore, max(self.labels.values(), default=0))
        return self

    @classmethod
    def example(cls) -> Self:
        """The table of the tiny sample."""
        return cls(
            root=str(TINY),
            pictures={"target": "rgb"},
            labels={"label": 3},
            ignore=(255,),
            instances={"instance": 512},
        )

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Those of the columns: labels, instances, pictures."""
        sides = self._sides(size)
        return {
            **{name: Image(1, *sides, classes=count) for name, count in self.labels.items()},
            **{name: Image(1, *sides, instances=most) for name, most in self.instances.items()},
            **{name: Image(channels_of(mode), *sides) for name, mode in self.pictures.items()},
        }

    def counting_options(self) -> dict[str, str]:
        """The columns of labels and of pictures."""
        columns = {"labels": [*self.labels], "pictures": [*self.pictures]}
        return {name: f"{of}.{name}" for of, named in columns.items() for name in named}

    def ignored_ids(self, name: str) -> tuple[int, ...]:
        """What `ignore` says of label maps."""
        return self.ignore if name in self.labels else ()

    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Inputs to translate, at their own size.

        Args:
            path: A table with the columns that are asked for, all lines of which are taken; where
                only one is asked for, also a file of that map or a folder of them.
            pairs: Refused: maps lie in files of their own.
            maps: The maps that the model asks for.
        """
        return super().inputs(path, pairs=pairs, maps=maps)

    def _files(self) -> Manifest:
        from gan_zoo_data.ids import Ids
        from gan_zoo_data.manifest import Manifest

        kinds: dict[str, Mode | Ids] = {
            name: Ids(classes=count, ignore=self.ignore, said=f"labels.{name}")
            for name, count in self.labels.items()
        }
        for name, most in self.instances.items():
            kinds[name] = Ids(instances=most, said=f"instances.{name}")
        kinds |= self.pictures
        return Manifest(Path(self.root).expanduser(), self._geometry(), self.file, kinds)
