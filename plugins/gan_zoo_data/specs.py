"""The menu of data: read it top to bottom and you know all that a recipe can say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, PositiveInt, Strict, model_validator
from pydantic_core import PydanticCustomError

from gan_zoo.errors import ContractError, DataError
from gan_zoo.shapes import Image
from gan_zoo.specs import DataSpec, Size
from gan_zoo_data.bases import Endings, Files, Mode, Numbers, Table, beyond, channels
from gan_zoo_data.scenes.themes import MOST, SPLITS, THEMES, ThemeName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gan_zoo.protocols import Dataset
    from gan_zoo_data.ids import Ids
    from gan_zoo_data.label_folder import LabelFolder
    from gan_zoo_data.manifest import Manifest
    from gan_zoo_data.paired_folder import PairedFolder

SAMPLE = Path(__file__).parent / "emoji"
TINY = Path(__file__).parent / "tiny"


class PairedFolderSpec(Files, name="paired_folder"):
    """Pairs of pictures A and B in folders (the data of Isola et al. 2017, sec. 3.3 and 4).

    Each split is laid out in one of these ways, in folders that may have folders inside:

        ROOT/SPLIT/NAME.jpg                        A left and B right in one picture
        ROOT/A/SPLIT/NAME.jpg  ROOT/B/SPLIT/NAME.png
        ROOT/SPLITA/NAME.jpg   ROOT/SPLITB/NAME.png     (also SPLIT_A and SPLIT_B)

    Which one was found is said; two at once are refused. Pictures are 8-bit files of exactly the
    declared mode and lie as they are stored: a file turned by an EXIF tag is refused.

    Training resizes (bicubic), crops at random and flips, source and target alike. Evaluation
    draws nothing: with `load` and `crop` the whole picture is resized to `crop` (the published
    rule), otherwise it is resized by `load` or `scale_width` where given and not cropped, so that
    every pixel is judged.
    """

    direction: Literal["a_to_b", "b_to_a"] = "a_to_b"
    """Which side is the source: A (left) or B (right)."""
    source: Mode = "rgb"
    """Mode of the source files: rgb, grey, or their number of channels, never converted."""
    target: Mode = "rgb"
    """Mode of the target files."""

    @classmethod
    def example(cls) -> Self:
        """The folders of the sample that ships with gan-zoo."""
        return cls(root=str(SAMPLE), source="grey")

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Source and target; sides that only the files know are None."""
        sides = self._sides(size)
        return {
            "source": Image(channels(self.source), *sides),
            "target": Image(channels(self.target), *sides),
        }

    def _files(self) -> PairedFolder:
        from gan_zoo_data.paired_folder import PairedFolder

        modes = {"source": self.source, "target": self.target}
        root = Path(self.root).expanduser()
        return PairedFolder(root, self._geometry(), self.direction, modes)


class LabelFolderSpec(Files, name="label_folder"):
    """Label maps, instance maps and photos in folders (the data of Wang et al. 2018, sec. 3).

        ROOT/SPLIT_label/NAME.png   ROOT/SPLIT_inst/NAME.png   ROOT/SPLIT_img/NAME.jpg

    Files belong together by NAME, whatever their order; folders may have folders inside. What
    Cityscapes' names end in (_gtFine_labelIds, _gtFine_instanceIds, _leftImg8bit) is no part of
    it. Label and instance maps hold one whole number a pixel, the id, as it is stored: grey files
    of 8, 16 or 32 bits, or palette files, of which the index counts. They are resized by nearest,
    photos bicubic, and cropped and flipped together, as the data `paired_folder` says.
    """

    classes: PositiveInt
    """How many classes there are: the ids of a label map are 0 to less than this."""
    ignore: Numbers = ()
    """Ids beyond the classes that label maps may hold too, such as [255] for "don't care"."""
    instance: bool = True
    """Whether there are instance maps; without them nothing may ask for `instance`."""
    instances: PositiveInt = 512
    """At most so many different instance ids in one picture."""
    target: Mode = "rgb"
    """Mode of the photos: rgb, grey, or their number of channels, never converted."""
    suffixes: Endings | None = Field(None, examples=[{"label": "_seg", "target": "_photo"}])
    """What the names of the files end in, by map (label, instance, target), where it is not the
    same for all and not one of the known endings."""

    @model_validator(mode="after")
    def _ids_agree(self) -> Self:
        beyond(self.ignore, self.classes)
        for name in self.suffixes or {}:
            if name not in ("label", "instance", "target"):
                raise PydanticCustomError(
                    "suffixes",
                    "suffixes: {name} came; label, instance and target have suffixes",
                    {"name": name},
                )
        return self

    @classmethod
    def example(cls) -> Self:
        """The folders of the tiny sample."""
        return cls(root=str(TINY), classes=3, ignore=(255,))

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Label, instance where there are such maps, and target."""
        sides = self._sides(size)
        made = {"label": Image(1, *sides, classes=self.classes)}
        if self.instance:
            made["instance"] = Image(1, *sides, instances=self.instances)
        return {**made, "target": Image(channels(self.target), *sides)}

    def counted(self) -> dict[str, str]:
        """The photos' mode, and the number of classes."""
        return {"label": "classes", "target": "target"}

    def ignored(self, name: str) -> tuple[int, ...]:
        """What `ignore` says of label maps."""
        return self.ignore if name == "label" else ()

    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Label maps to translate: a file or a folder of them, at their own size.

        Args:
            path: The file or the folder. Where instance maps are asked for, they are looked for
                by name in the folder *_inst beside the folder *_label that it is, or lies in.
            pairs: Refused: label maps lie in files of their own.
            maps: The maps that the model asks for.
        """
        return super().inputs(path, pairs=pairs, maps=maps)

    def _files(self) -> LabelFolder:
        from gan_zoo_data.ids import Ids
        from gan_zoo_data.label_folder import LabelFolder

        kinds: dict[str, Mode | Ids] = {
            "label": Ids(classes=self.classes, ignore=self.ignore, said="classes")
        }
        if self.instance:
            kinds["instance"] = Ids(instances=self.instances, said="instances")
        kinds["target"] = self.target
        root = Path(self.root).expanduser()
        return LabelFolder(root, self._geometry(), kinds, self.suffixes)


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
        beyond(self.ignore, max(self.labels.values(), default=0))
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
            **{name: Image(channels(mode), *sides) for name, mode in self.pictures.items()},
        }

    def counted(self) -> dict[str, str]:
        """The columns of labels and of pictures."""
        columns = {"labels": [*self.labels], "pictures": [*self.pictures]}
        return {name: f"{of}.{name}" for of, named in columns.items() for name in named}

    def ignored(self, name: str) -> tuple[int, ...]:
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


class EmojiSpec(DataSpec, name="emoji"):
    """The sample that ships with gan-zoo: line art (grey) -> color emoji, 64 x 64.

    560 pairs in train, 40 in val, 60 in test; made from Microsoft Fluent Emoji (MIT).
    """

    jitter: int = Field(0, ge=0)
    """In training, enlarge by so many pixels and crop 64 x 64 at random (the papers' jitter)."""
    flip: float = Field(0.0, ge=0, le=1)
    """Probability of a horizontal flip in training."""

    @property
    def test_inputs(self) -> Path:
        """The folder of the test split's line art, to translate."""
        return SAMPLE / "A" / "test"

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Source and target.

        Raises:
            ContractError: the size is not square.
        """
        height, width = size or (64, 64)
        if height != width:
            raise ContractError(f"emoji are square, and size is [{height}, {width}]; use a square")
        return {"source": Image(1, height, width), "target": Image(3, height, width)}

    def open(self, split: str, size: Size | None = None) -> Dataset:
        """The samples of train, val or test."""
        return self._folder().open(split, size)

    def inspect(self, split: str, size: Size | None = None) -> list[str]:
        """Every mistake in the files of a split; none, unless the installation is damaged."""
        return self._folder().inspect(split, size)

    def sizes(self, split: str, size: Size | None = None) -> dict[tuple[int, int], str]:
        """The sizes of a split in training, from the headers that `inspect` reads."""
        return self._folder().sizes(split, size)

    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Line art to translate: a grey picture file or a folder of them, at their own size.

        Args:
            path: The file or the folder.
            pairs: Take the left half of the files.
            maps: Only the line art can be asked for.
        """
        return self._folder().inputs(Path(path), pairs=pairs, maps=maps)

    def _folder(self) -> PairedFolder:
        from gan_zoo_data.geometry import Geometry
        from gan_zoo_data.paired_folder import PairedFolder

        modes: dict[str, Mode] = {"source": "grey", "target": "rgb"}
        large = 64 + self.jitter
        geometry = Geometry(load=(large, large), crop=(64, 64), flip=self.flip)
        return PairedFolder(SAMPLE, geometry, "a_to_b", modes)


class ScenesSpec(DataSpec, name="scenes"):
    """Generated scenes: label map, instance map and picture of each, with no download.

    The ids of the classes, of stuff, which has no instances, and of things, which have:

        facade   0 sky  1 ground  2 wall  3 roof  4 cornice   5 window  6 door  7 shutter  8 balcony
        street   0 sky  1 road  2 sidewalk  3 building        4 car  5 person  6 tree  7 pole

    The instance id of stuff is its class, of a thing class * 1000 + its number, from 0: 5007 is
    the eighth window. Every instance has colors of its own, which no map tells, and a dark rim.

    Of 100 scenes 4 have no instance and 1 has more than 100; in a third two instances of one class
    touch, so that only the instance map tells where one ends. Scene i of a split follows from
    `seed` alone, and shows the same at every size; sides of less than 64 may lose small things.
    """

    theme: ThemeName = "facade"
    """What they show: fronts of buildings, or streets."""
    size: Size = (64, 64)
    """[height, width] of the pictures; a phase's `size` takes its place. Nothing is resized."""
    samples: Annotated[tuple[PositiveInt, PositiveInt, PositiveInt], Strict(False)] = (
        1000,
        100,
        100,
    )
    """Scenes in train, val and test."""
    seed: int = Field(0, ge=0)
    """Another seed makes other scenes; the splits of one seed are different scenes, too."""
    flip: float = Field(0.0, ge=0, le=1)
    """Probability of a horizontal flip in training."""

    @classmethod
    def example(cls) -> Self:
        """A few small ones."""
        return cls(samples=(4, 2, 2))

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Label, instance and target."""
        sides = size or self.size
        return {
            "label": Image(1, *sides, classes=len(THEMES[self.theme].classes)),
            "instance": Image(1, *sides, instances=MOST),
            "target": Image(3, *sides),
        }

    def open(self, split: str, size: Size | None = None) -> Dataset:
        """The scenes of train, val or test; they are made as they are read.

        Raises:
            DataError: there is no such split.
        """
        from gan_zoo_data.scenes.dataset import Scenes

        if split not in SPLITS:
            raise DataError(f"scenes have the splits {', '.join(SPLITS)}; '{split}' came")
        count = self.samples[SPLITS.index(split)]
        return Scenes(self.theme, split, count, size or self.size, self.seed, self.flip)

    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Label maps to translate, as the data `label_folder` reads them.

        Args:
            path: A file or a folder; instance maps lie in the folder *_inst beside it.
            pairs: Refused: label maps lie in files of their own.
            maps: The maps that the model asks for.
        """
        classes = len(THEMES[self.theme].classes)
        folders = LabelFolderSpec(root=str(path), classes=classes, instances=MOST)
        return folders.inputs(path, pairs=pairs, maps=maps)
