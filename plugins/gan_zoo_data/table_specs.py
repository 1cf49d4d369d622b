"""The menu of data that a table names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveInt, model_validator
from pydantic_core import PydanticCustomError

from gan_zoo.components import Image, Size, expand_user
from gan_zoo_data.bases import Files, Numbers, refuse_ignored_classes
from gan_zoo_data.folder_specs import TINY
from gan_zoo_data.id_options import Palette, Remap
from gan_zoo_data.modes import Mode, channels_of
from gan_zoo_data.tables.table_rows import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gan_zoo.components import Dataset, DataSpec, Found, Refused, Sample
    from gan_zoo_data.files.ids import Ids
    from gan_zoo_data.folders.layouts import Side
    from gan_zoo_data.tables.manifest import Manifest


def _table(file: str) -> str:
    """The name of a table."""
    if not file.lower().endswith(TABLES):
        told = f"'{file}' came, but the name of a table is expected: a .csv or .tsv file, whose "
        told += "cells stand between separators, a .jsonl or .json file of objects, or a .txt file "
        told += "with an image and its label a line"
        raise PydanticCustomError("table", "{told}", {"told": told})
    return file


Table = Annotated[str, AfterValidator(_table)]


class Columns(Files):
    """Samples whose maps are columns of something."""

    pictures: dict[str, Mode] = Field({}, examples=[{"target": "grey"}])
    """Maps that are pictures, and the mode of each: rgb, grey, rgba, cmyk, the number of channels,
    or a mapping, as `source` of the data `paired_folder`."""
    labels: dict[str, PositiveInt] = Field({}, examples=[{"label": 2}])
    """Maps of labels, and how many classes each has."""
    ignore: Numbers = ()
    """Ids beyond the classes that label maps may hold too, such as [255] for "don't care"."""
    instances: dict[str, PositiveInt] = Field({}, examples=[{"instance": 600}])
    """Maps of instances, and how many different ids one picture may have at most."""
    palette: dict[str, Palette] = Field({}, examples=[{"label": {0: [128, 64, 128]}}])
    """Maps of labels that are painted: id -> color, as by `label_folder`."""
    remap: dict[str, Remap] = Field({}, examples=[{"label": {255: 1}}])
    """Maps of labels: number in the file -> the id that it means, as by `label_folder`."""
    instance_colors: Literal["rgb24"] | None = None
    """How the colors of instance maps are ids, as by `label_folder`."""
    columns: dict[str, str] = Field({}, examples=[{"instance": "label"}])
    """Map -> its column, where that is called otherwise than the map."""

    @model_validator(mode="after")
    def _columns_agree(self) -> Self:
        maps = [*self.pictures, *self.labels, *self.instances]
        own = ("name", "split")
        wrong = ""
        if not maps:
            wrong = "no column came; name those of pictures, labels or instances"
        elif twice := [name for name in dict.fromkeys(maps) if maps.count(name) > 1]:
            wrong = f"the column {twice[0]} came twice; a map is a picture, labels or instances"
        elif taken := [name for name in maps if self.columns.get(name, name) in own]:
            column = self.columns.get(taken[0], taken[0])
            wrong = f"a map called {column} came, but that column has a meaning of its own"
        elif beyond := [name for name in self.columns if name not in maps]:
            wrong = f"columns: {beyond[0]} came, but the maps are {', '.join(maps)}; the map "
            wrong += "stands before the colon, its column behind it"
        elif strays := [name for name in (*self.palette, *self.remap) if name not in self.labels]:
            wrong = f"{strays[0]} has a palette or a remap, but is no column of labels"
        if wrong:
            raise PydanticCustomError("columns", "{wrong}", {"wrong": wrong})
        refuse_ignored_classes(self.ignore, max(self.labels.values(), default=0))
        return self

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Labels, instances, pictures."""
        sides = self._sides(size)
        return {
            **{name: Image(1, *sides, classes=count) for name, count in self.labels.items()},
            **{name: Image(1, *sides, instances=most) for name, most in self.instances.items()},
            **{name: Image(channels_of(mode), *sides) for name, mode in self.pictures.items()},
        }

    def counting_options(self) -> dict[str, str]:
        """The maps of labels and of pictures."""
        columns = {"labels": [*self.labels], "pictures": [*self.pictures]}
        return {name: f"{of}.{name}" for of, named in columns.items() for name in named}

    def ignored_ids(self, name: str) -> tuple[int, ...]:
        """What `ignore` says of label maps."""
        return self.ignore if name in self.labels else ()

    def _kinds(self) -> dict[str, Mode | Ids]:
        from gan_zoo_data.files.ids import Ids

        kinds: dict[str, Mode | Ids] = {
            name: Ids(
                classes=count,
                ignore=self.ignore,
                said=f"labels.{name}",
                remap=tuple(self.remap.get(name, {}).items()),
                palette=tuple(self.palette.get(name, {}).items()),
            )
            for name, count in self.labels.items()
        }
        for name, most in self.instances.items():
            rgb24 = self.instance_colors == "rgb24"
            kinds[name] = Ids(instances=most, said=f"instances.{name}", rgb24=rgb24)
        return kinds | self._modes()

    def _modes(self) -> dict[str, Mode]:
        return self.pictures

    def _with_modes(self, modes: Mapping[str, Mode]) -> Self:
        return self.model_copy(update={"pictures": dict(modes)})


class ManifestSpec(Columns, name="manifest"):
    """Samples named by a table: cells between separators (CSV), or objects in JSON.

        source,label,target                          {"label": "a.png", "target": "b.jpg"}
        shots/1.jpg,ids/1.png,out/1.jpg

    A column a map, a line a sample; every map is a file, by a path from the folder of the table,
    or else from the root. A column `split` says which split a line belongs to, unless every split
    has a table of its own. A column `name` names the samples; without it the path of the first map
    does. Other columns are not used, which is said. Files are read and resized as by
    `paired_folder`, maps of ids as by `label_folder`.

    Tables are read as programs write them: in UTF-8 or UTF-16 with its mark; separated by commas,
    semicolons, tabs or bars, whichever makes the columns appear; with empty lines, comments (#) or
    Excel's `sep=;` above the first line; with `\\` in paths. A JSON file holds an object a line, or
    a list of objects. A .txt file has no first line: an image a line, and perhaps its label, which
    are the columns `image` and `label`. Names are text: 1, 1.0 and 001 are three.
    """

    file: Table = Field("{split}.csv", examples=["all.csv"])
    """The table in the root; `{split}` in it stands for the split."""
    halves: dict[str, Literal["left", "right"]] = Field(
        {}, examples=[{"label": "left", "instance": "left", "target": "right"}]
    )
    """Map -> the half of every file that it is, where pairs stand side by side in one picture; then
    all maps are halves."""

    @model_validator(mode="after")
    def _halves_agree(self) -> Self:
        maps = [*self.pictures, *self.labels, *self.instances]
        wrong = ""
        if unknown := [name for name in self.halves if name not in maps]:
            wrong = f"halves: {unknown[0]} came, but the maps are {', '.join(maps)}"
        elif self.halves and len(self.halves) < len(maps):
            whole = next(name for name in maps if name not in self.halves)
            wrong = f"halves: {whole} is whole, and no half has its size; name its half too"
        if wrong:
            raise PydanticCustomError("halves", "{wrong}", {"wrong": wrong})
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

    @classmethod
    def recognize(cls, folder: Path) -> Found | Refused | None:
        """A folder with tables whose cells name its pictures."""
        from gan_zoo_data.tables.table_layouts import recognize_tables

        return recognize_tables(folder, cls)

    @classmethod
    def write(cls, splits: Mapping[str, Iterable[Sample]], folder: Path, like: DataSpec) -> Self:
        """Write PNG, or TIFF where that holds no such numbers, and a table a split."""
        from gan_zoo_data.writing import write_table

        return cls(**write_table(splits, folder, like))

    @classmethod
    def list_files(
        cls, splits: Mapping[str, Iterable[Sample]], table: Path, like: DataSpec
    ) -> Self:
        """Write a CSV file with a column `split`; files outside its folder by their whole path."""
        from gan_zoo_data.tables.file_tables import write_file_table

        return cls(**write_file_table(splits, table, like))

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
        from gan_zoo_data.tables.manifest import Manifest

        root = expand_user(self.root)
        halves: dict[str, Side] = {
            name: "A" if half == "left" else "B" for name, half in self.halves.items()
        }
        return Manifest(root, self._geometry(), self.file, self._kinds(), self.columns, halves)
