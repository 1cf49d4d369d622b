"""The menu of data that ship with gan-zoo: a sample, and scenes that are made as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, Strict, model_validator

from gan_zoo.components import ContractError, DataError, DataSpec, Image, Size
from gan_zoo_data.augment_specs import Augmentation, list_remarks, refuse_misfit
from gan_zoo_data.folder_specs import SAMPLE, LabelFolderSpec
from gan_zoo_data.modes import Mode
from gan_zoo_data.scenes.themes import MOST, SPLITS, THEMES, ThemeName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gan_zoo.components import Dataset
    from gan_zoo_data.folders.paired_folder import PairedFolder


class EmojiSpec(DataSpec, name="emoji"):
    """The sample that ships with gan-zoo: line art (grey) -> color emoji, 64 x 64.

    560 pairs in train, 40 in val, 60 in test; made from Microsoft Fluent Emoji (MIT).
    """

    jitter: int = Field(0, ge=0)
    """In training, enlarge by so many pixels and crop 64 x 64 at random (the papers' jitter)."""
    flip: float = Field(0.0, ge=0, le=1)
    """Probability of a horizontal flip in training."""
    augment: dict[str, Augmentation] = Field(
        {}, examples=[{"joint": {"vertical": 1.0}}, {"target": {"brightness": 0.5}}]
    )
    """What else changes in training, by scope (`joint`, `source`, `target`) and word, as of the
    data `paired_folder`."""

    @model_validator(mode="after")
    def _augment_fits(self) -> Self:
        refuse_misfit(self.augment, self.maps(), frozenset(), self.flip, (64, 64))
        return self

    def notes(self) -> list[str]:
        """Where augmentation moves one map alone."""
        return list_remarks(self.augment, paired=True)

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
        from gan_zoo_data.folders.paired_folder import PairedFolder
        from gan_zoo_data.maps.augment import Augment
        from gan_zoo_data.maps.geometry import Geometry

        modes: dict[str, Mode] = {"source": "grey", "target": "rgb"}
        size, augment = (64 + self.jitter,) * 2, Augment(self.augment, {})
        geometry = Geometry(load=size, crop=(64, 64), flip=self.flip, augment=augment)
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

    earlier: ClassVar[Mapping[str, int]] = {"draws": 1}

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
    draws: Literal[1, 2] = 2
    """Which numbers follow from the seed: 1 is for runs of earlier versions, in which the first
    scene and the kinds of all scenes were drawn alike."""

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
        return Scenes(self.theme, split, count, size or self.size, self.seed, self.flip, self.draws)

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
