"""The menu of data in folders: read it top to bottom and you know all that a recipe can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator
from pydantic_core import PydanticCustomError

from gan_zoo.components import Found, Image, Refused, Size, expand_user
from gan_zoo_data.bases import Endings, Files, Numbers, refuse_ignored_classes
from gan_zoo_data.id_options import Palette, Remap
from gan_zoo_data.layout_options import UNJUDGED, MapLayout, SideLayout, refuse_parts
from gan_zoo_data.modes import Mode, channels_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gan_zoo.components import Dataset, DataSpec, Sample
    from gan_zoo_data.files.ids import Ids
    from gan_zoo_data.folders.label_folder import LabelFolder
    from gan_zoo_data.folders.paired_folder import PairedFolder


SAMPLE = Path(__file__).parent / "emoji"  # in both, data to try things with
TINY = Path(__file__).parent / "tiny"


class PairedFolderSpec(Files, name="paired_folder"):
    """Pairs of pictures A and B in folders (the data of Isola et al. 2017, sec. 3.3 and 4).

    Each split is laid out in one of these ways, in folders that may have folders inside:

        ROOT/SPLIT/NAME.jpg                        A left and B right in one picture
        ROOT/A/SPLIT/NAME.jpg  ROOT/B/SPLIT/NAME.png
        ROOT/SPLITA/NAME.jpg   ROOT/SPLITB/NAME.png     (also SPLIT_A and SPLIT_B)
        ROOT/SPLIT/A/NAME.jpg  ROOT/SPLIT/B/NAME.png
        ROOT/SPLIT/NAME_A.jpg  ROOT/SPLIT/NAME_B.png    with suffixes: {a: _A, b: _B}

    A and B may have other usual names, such as input and target, source and target, labels and
    images; a split too, as training or validation. Which layout was found is said; two at once are
    refused, and so are pictures in one folder that look like no two sides. Names may differ by
    Unicode form, letter case and the usual endings where only one partner can be meant, which is
    said. Thumbnails and caches of systems are passed over. Pictures are files of exactly
    the declared mode and are never converted: 8-bit ones, or any numbers where the mode declares
    their range, as `{mode: grey, range: [0, 10000], nodata: -1}`. They lie as they are stored: a
    file turned by an EXIF tag is refused, unless the mode says `orient: exif`.

    Training resizes (bicubic), crops at random and flips, source and target alike. Evaluation
    draws nothing: with `load` and `crop` the whole picture is resized to `crop` (the published
    rule), otherwise it is resized by `load` or `scale_width` where given and not cropped, so that
    every pixel is judged.
    """

    direction: Literal["a_to_b", "b_to_a"] = "a_to_b"
    """Which side is the source: A (left) or B (right)."""
    source: Mode = "rgb"
    """Mode of the source files: rgb, grey, rgba, cmyk, or their number of channels; or a mapping
    `{mode: ..., range: [low, high], nodata: X, dtype: uint16, orient: exif}`, of which all but
    `mode` may be left out."""
    target: Mode = "rgb"
    """Mode of the target files."""
    layout: SideLayout = Field("find", examples=["side_by_side"])
    """Where the two sides lie: `find` looks for the layouts above, `side_by_side` insists that each
    picture holds both, {a: FOLDER/{split}, b: OTHER/{split}} names the folders in the root."""
    suffixes: Endings | None = Field(None, examples=[{"a": "_in", "b": "_out"}])
    """What the names of the files end in, by side (a, b), where it is not the same for both; other
    files are left alone. Both sides may then lie in one folder."""

    earlier: ClassVar[Mapping[str, Any]] = {**Files.earlier, "layout": UNJUDGED}

    @model_validator(mode="after")
    def _sides_agree(self) -> Self:
        refuse_parts("suffixes", self.suffixes or {}, ("a", "b"))
        if isinstance(self.layout, dict):
            refuse_parts("layout", self.layout, ("a", "b"))
            if {*self.layout} != {"a", "b"}:
                told = "layout: name the folders of both sides, a and b"
                raise PydanticCustomError("layout", told)
        if self.layout == "side_by_side" and self.suffixes:
            told = (
                "suffixes are of files with one side each, which layout: side_by_side rules out; "
            )
            raise PydanticCustomError("suffixes", "{told}", {"told": told + "take one of them out"})
        return self

    @classmethod
    def example(cls) -> Self:
        """The folders of the sample that ships with gan-zoo."""
        return cls(root=str(SAMPLE), source="grey")

    @classmethod
    def recognize(cls, folder: Path) -> Found | Refused | None:
        """Pairs side by side, or two folders of partners."""
        from gan_zoo_data.folders.recognition import recognize_pairs

        return recognize_pairs(cls, folder)

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Source and target; sides that only the files know are None."""
        sides = self._sides(size)
        return {
            "source": Image(channels_of(self.source), *sides),
            "target": Image(channels_of(self.target), *sides),
        }

    @classmethod
    def write(cls, splits: Mapping[str, Iterable[Sample]], folder: Path, like: DataSpec) -> Self:
        """Write pairs in the second of these ways, as PNG, or TIFF where that holds no such."""
        from gan_zoo_data.writing import write_pairs

        return cls(**write_pairs(splits, folder, like))

    def _modes(self) -> dict[str, Mode]:
        return {"source": self.source, "target": self.target}

    def _files(self) -> PairedFolder:
        from gan_zoo_data.folders.paired_folder import PairedFolder

        root = expand_user(self.root)
        return PairedFolder(
            root, self._geometry(), self.direction, self._modes(), self.layout, self.suffixes
        )


class LabelFolderSpec(Files, name="label_folder"):
    """Label maps, instance maps and photos in folders (the data of Wang et al. 2018, sec. 3).

        ROOT/SPLIT_label/NAME.png      ROOT/SPLIT_inst/NAME.png        ROOT/SPLIT_img/NAME.jpg
        ROOT/SPLIT/seg_maps/NAME.png   .../SPLIT/instance_maps/...     .../SPLIT/images/...
        ROOT/gtFine/SPLIT/CITY/...     (Cityscapes as it comes)        .../leftImg8bit/SPLIT/...
        ROOT/annotations/SPLIT/...     (ADE20K)                        .../images/SPLIT/...
        ROOT/stuffthingmaps/SPLIT/...  ROOT/panoptic_SPLIT/... (COCO)  ROOT/SPLIT/...
        ROOT/annotations/panoptic_SPLIT/... with panoptic_SPLIT.json beside  ROOT/SPLIT/...

    Also with other usual names, with the folder of a map around those of the splits, and splits
    called training, validation, train2017 or val2017. Which layout was found is said; two at once
    are refused. Files belong together by NAME, whatever their order; folders may have folders
    inside. What Cityscapes' names end in (_gtFine_labelIds, _gtFine_instanceIds, _leftImg8bit) is
    no part of it, and its other files there are left alone, which is said. Label and instance maps
    hold one whole number a pixel, the id, as it is stored: grey files of 1 to 32 bits, or palette
    files, of which the index counts; or colors, where `palette` and `instance_colors` say what they
    mean. They are resized by nearest, photos bicubic, and cropped and flipped together, as the data
    `paired_folder` says.
    """

    classes: PositiveInt
    """How many classes there are: the ids of a label map are 0 to less than this."""
    ignore: Numbers = ()
    """Ids beyond the classes that label maps may hold too, such as [255] for "don't care"."""
    palette: Palette = Field({}, examples=[{0: [128, 64, 128], 255: [0, 0, 0]}])
    """Id -> the color that stands for it in label maps, [red, green, blue] or with alpha; empty
    where they hold ids. Other colors are refused."""
    remap: Remap = Field({}, examples=[{255: 1}])
    """Number in a label map -> the id that it means, before ids are judged, as {255: 1} for masks
    of 0 and 255; `others` stands for all numbers that are not named."""
    label_colors: Literal["panoptic"] | None = None
    """What colors of label maps are, but for those of `palette`. panoptic: they are segments, as in
    COCO's panoptic maps, and ids are the categories that FOLDER.json beside FOLDER gives these, 0
    where there is no segment; `remap` merges them. Instance maps are the same files, with
    `instance_colors: rgb24`."""
    instance: bool = True
    """Whether there are instance maps; without them nothing may ask for `instance`."""
    instances: PositiveInt = 512
    """At most so many different instance ids in one picture."""
    instance_colors: Literal["rgb24"] | None = None
    """How colors of instance maps are ids. rgb24: an id is red + 256 green + 65536 blue, as in
    COCO's panoptic maps."""
    target: Mode = "rgb"
    """Mode of the photos: rgb, grey, rgba, cmyk, their number of channels, or a mapping, as
    `source` of the data `paired_folder`."""
    suffixes: Endings | None = Field(None, examples=[{"label": "_seg", "target": "_photo"}])
    """What the names of the files end in, by map (label, instance, target), where it is not the
    same for all and not one of the known endings; files that end otherwise are left alone."""
    layout: MapLayout = Field(
        "find", examples=[{"label": "ids/{split}", "target": "shots/{split}"}]
    )
    """Where the maps lie: `find` looks for the layouts above, {label: FOLDER/{split}, ...} names
    the folder of each map in the root."""

    earlier: ClassVar[Mapping[str, Any]] = {
        **Files.earlier,
        "layout": {"label": "{split}_label", "instance": "{split}_inst", "target": "{split}_img"},
    }

    @model_validator(mode="after")
    def _ids_agree(self) -> Self:
        refuse_ignored_classes(self.ignore, self.classes)
        if self.label_colors and self.palette:
            told = "label_colors: panoptic and palette both say what colors mean; keep one of them"
            raise PydanticCustomError("palette", "{told}", {"told": told})
        names = ("label", "instance", "target")
        refuse_parts("suffixes", self.suffixes or {}, names)
        if isinstance(self.layout, dict):
            refuse_parts("layout", self.layout, names)
            if absent := [name for name in self.maps() if name not in self.layout]:
                told = f"layout: the folder of {absent[0]} is missing"
                raise PydanticCustomError("layout", "{told}", {"told": told})
        return self

    @classmethod
    def example(cls) -> Self:
        """The folders of the tiny sample."""
        return cls(root=str(TINY), classes=3, ignore=(255,))

    @classmethod
    def recognize(cls, folder: Path) -> Found | Refused | None:
        """Label maps, which hold ids, and photos."""
        from gan_zoo_data.folders.recognition import recognize_labels

        return recognize_labels(cls, folder)

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Label, instance where there are such maps, and target."""
        sides = self._sides(size)
        made = {"label": Image(1, *sides, classes=self.classes)}
        if self.instance:
            made["instance"] = Image(1, *sides, instances=self.instances)
        return {**made, "target": Image(channels_of(self.target), *sides)}

    def counting_options(self) -> dict[str, str]:
        """The photos' mode, and the number of classes."""
        return {"label": "classes", "target": "target"}

    def ignored_ids(self, name: str) -> tuple[int, ...]:
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

    def input_name(self, name: str) -> str:
        """The map's name, and what names of its files end in."""
        return name + (self.suffixes or {}).get(name, "")

    @classmethod
    def write(cls, splits: Mapping[str, Iterable[Sample]], folder: Path, like: DataSpec) -> Self:
        """Write the folders, as PNG, photos as TIFF where that does not hold them."""
        from gan_zoo_data.writing import write_labels

        return cls(**write_labels(splits, folder, like))

    def _modes(self) -> dict[str, Mode]:
        return {"target": self.target}

    def _kinds(self) -> dict[str, Mode | Ids]:
        from gan_zoo_data.files.ids import Ids

        kinds: dict[str, Mode | Ids] = {
            "label": Ids(
                classes=self.classes,
                ignore=self.ignore,
                said="classes",
                remap=tuple(self.remap.items()),
                palette=tuple(self.palette.items()),
                rgb24=self.label_colors == "panoptic",
            )
        }
        if self.instance:
            rgb24 = self.instance_colors == "rgb24"
            kinds["instance"] = Ids(instances=self.instances, said="instances", rgb24=rgb24)
        return kinds | self._modes()

    def _files(self) -> LabelFolder:
        from gan_zoo_data.folders.label_folder import LabelFolder

        root = expand_user(self.root)
        return LabelFolder(root, self._geometry(), self._kinds(), self.suffixes, self.layout)
