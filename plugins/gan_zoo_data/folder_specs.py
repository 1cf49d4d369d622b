"""The menu of data in folders: read it top to bottom and you know all that a recipe can say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, PositiveInt, model_validator
from pydantic_core import PydanticCustomError

from gan_zoo.components import Image, Size
from gan_zoo_data.bases import Endings, Files, Numbers, refuse_ignored_classes
from gan_zoo_data.modes import Mode, channels_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gan_zoo.components import Dataset, DataSpec, Sample
    from gan_zoo_data.ids import Ids
    from gan_zoo_data.label_folder import LabelFolder
    from gan_zoo_data.paired_folder import PairedFolder


SAMPLE = Path(__file__).parent / "emoji"  # in both, data to try things with
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
            "source": Image(channels_of(self.source), *sides),
            "target": Image(channels_of(self.target), *sides),
        }

    @classmethod
    def write(cls, splits: Mapping[str, Iterable[Sample]], folder: Path, like: DataSpec) -> Self:
        """Write pairs in the second of these ways, as PNG."""
        from gan_zoo_data.writing import write_pairs

        return cls(**write_pairs(splits, folder, like))

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
        refuse_ignored_classes(self.ignore, self.classes)
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

    @classmethod
    def write(cls, splits: Mapping[str, Iterable[Sample]], folder: Path, like: DataSpec) -> Self:
        """Write the folders, as PNG of 8 bits, ids above 255 of 16."""
        from gan_zoo_data.writing import write_labels

        return cls(**write_labels(splits, folder, like))

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
