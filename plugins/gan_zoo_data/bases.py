"""What the specs of picture files share: the size rule, augmentation, a cache. No torch here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeInt,
    PositiveInt,
    Strict,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gan_zoo.components import DataSpec, Size, Values, expand_user
from gan_zoo_data.augment_specs import Augmentation, list_remarks, refuse_misfit
from gan_zoo_data.cache_specs import Bytes, Where
from gan_zoo_data.modes import Mode, is_open, values_of, with_type
from gan_zoo_data.splits import LEARNED

if TYPE_CHECKING:
    from gan_zoo.components import Dataset
    from gan_zoo_data.files.ids import Ids
    from gan_zoo_data.maps.geometry import Geometry
    from gan_zoo_data.roots import Root
    from gan_zoo_data.samples import Samples


def _endings(suffixes: dict[str, str]) -> dict[str, str]:
    """What names end in, which is no ending of a file."""
    from gan_zoo_data.files.pictures import EXTENSIONS

    for name, suffix in suffixes.items():
        stem, _, kind = suffix.rpartition(".")
        if suffix.lower().endswith(EXTENSIONS):
            told = f"'{suffix}' came for {name}, but names are compared without their .{kind}; "
            told += f"say {name}: {stem or repr('')}"
            raise PydanticCustomError("suffixes", "{told}", {"told": told})
    return suffixes


def _listed(ids: Sequence[int]) -> str:
    """Ids in words, of many the first."""
    more = len(ids) - SHOWN
    return ", ".join(map(str, ids[:SHOWN])) + (f" and {more} more" if more > 0 else "")


SHOWN = 20  # ids in a message
Numbers = Annotated[tuple[NonNegativeInt, ...], Strict(False)]
Endings = Annotated[dict[str, str], AfterValidator(_endings)]


def refuse_ignored_classes(ignore: Sequence[int], classes: int) -> None:
    """Refuse ignored ids that are classes."""
    if within := [one for one in ignore if one < classes]:
        raise PydanticCustomError(
            "ignore",
            "ignore: {id} came, which is a class; ignored ids lie beyond the {classes} classes",
            {"id": within[0], "classes": classes},
        )


class Sized(DataSpec):
    """Pictures and ids in files under a root, with one size rule."""

    root: str
    """The folder that holds the splits; `--data DIR` on the command line."""
    load: Size | None = None
    """Resize to this [height, width] before the crop, whatever the aspect ratio."""
    scale_width: PositiveInt | None = None
    """Resize to this width before the crop and keep the aspect ratio; instead of `load`."""
    crop: Size | None = None
    """Random crop of this [height, width] in training; no picture may be smaller."""
    flip: float = Field(0.0, ge=0, le=1)
    """Probability of a horizontal flip in training."""
    aspect: Literal["refuse", "stretch", "crop"] = "refuse"
    """What to do with pictures whose aspect ratio is not that of a phase's `size`: refuse them by
    name, stretch them, or cut off what is too much on both sides."""

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        if self.load and self.scale_width:
            raise PydanticCustomError(
                "exclusive",
                "load and scale_width both set the size before the crop; keep one of them",
            )
        loaded = self.load or (None, self.scale_width)
        for what, side, cut in zip(("high", "wide"), loaded, self.crop or (0, 0), strict=True):
            if side is not None and cut > side:
                option = "load" if self.load else "scale_width"
                raise PydanticCustomError(
                    "crop",
                    "crop is {cut} {what}, but {option} makes the pictures {side} {what}; "
                    "use a smaller crop or a larger {option}",
                    {"cut": cut, "what": what, "option": option, "side": side},
                )
        return self

    def values(self, name: str) -> Values:
        """What the numbers of a picture mean in its files; where a range is declared without a
        type, the first training file tells it.
        """
        mode = self._modes().get(name)
        if mode is None:
            return super().values(name)
        return values_of(mode, self._types(LEARNED).get(name) if is_open(mode) else None)

    def id_rules(self, name: str) -> dict[str, Any]:
        """What the options say of the ids of a map; `colors` is panoptic or rgb24."""
        from gan_zoo_data.files.ids import Ids

        kind = self._kinds().get(name)
        if not isinstance(kind, Ids):
            return {}
        color = "rgb24" if kind.classes is None else "panoptic"
        told = {
            "palette": {id: list(color) for id, color in kind.palette},
            "colors": color * kind.rgb24,
            "remap": dict(kind.remap),
        }
        return {rule: said for rule, said in told.items() if said}

    def with_absolute_paths(self) -> Self:
        """The same data from any working directory: the root made absolute, and the type of
        outputs settled where a training file tells it.
        """
        modes = self._modes()
        types = self._types(LEARNED) if any(map(is_open, modes.values())) else {}
        settled = {name: with_type(mode, types.get(name)) for name, mode in modes.items()}
        moved = self if settled == modes else self._with_modes(settled)
        return moved.model_copy(update={"root": str(expand_user(self.root).resolve())})

    def _modes(self) -> dict[str, Mode]:
        """The pictures and their modes."""
        return {}

    def _kinds(self) -> dict[str, Mode | Ids]:
        """Map -> mode of its files, or what their ids may be."""
        return {**self._modes()}

    def _with_modes(self, modes: Mapping[str, Mode]) -> Self:
        """The same data with other modes, an option each."""
        return self.model_copy(update=modes)

    def _types(self, split: str) -> dict[str, str]:
        """Map of pictures -> the type of the numbers in its first file, where there is one."""
        return {}

    def _sides(self, size: Size | None) -> tuple[int | None, int | None]:
        """Height and width in training; a side that only the files know is None."""
        return size or self.crop or self.load or (None, self.scale_width)

    def _geometry(self) -> Geometry:
        """The size rule of the recipe."""
        from gan_zoo_data.maps.geometry import Geometry

        return Geometry(
            load=self.load,
            scale_width=self.scale_width,
            crop=self.crop,
            flip=self.flip,
            aspect=self.aspect,
        )


class Files(Sized):
    """Samples whose maps are files that belong together."""

    earlier: ClassVar[Mapping[str, Any]] = {"resampler": "pillow"}

    resampler: Literal["torch", "pillow"] = "torch"
    """Whose bicubic resizes pictures in training: torch's, which is several times as fast, or
    Pillow's; of 8 bits they differ by rounding. Evaluation takes Pillow's, as published tests."""
    augment: dict[str, Augmentation] = Field(
        {}, examples=[{"joint": {"vertical": 1.0}}, {"target": {"brightness": 0.5}}]
    )
    """What else changes in training, by scope: `joint`, for all maps of a sample together by one
    draw, or the name of a map. Words of a scope: `horizontal`, `vertical`, `turns` (probabilities
    of mirror images and of quarter turns), `scale: [low, high]`, `rotate` (degrees), `brightness`,
    `contrast`, `saturation`, `hue`, `noise` (in units of 255), `cutout` (side) with `fill`, and
    `ids`, what label maps hold where nothing is seen. Ids are moved by nearest."""

    cache: Literal["none"] | Where = "none"
    """Where maps are kept once they were read for training, resized and before anything is drawn,
    so that later passes decode nothing: in memory, for as long as the run, or on disk, in the
    folder `maps` of $GAN_ZOO_CACHE (else of gan-zoo in the user's folder for caches). A file that
    has changed is read anew."""
    cache_size: Bytes = Field("4GB", examples=["1KB"])
    """How much may be kept; on disk by all runs together. What does not fit is read from its files
    in every pass."""

    @model_validator(mode="after")
    def _augment_fits(self) -> Self:
        maps = self.maps()
        ignored = frozenset(name for name in maps if self.ignored_ids(name))
        refuse_misfit(self.augment, maps, ignored, self.flip, self._sides(None))
        return self

    def notes(self) -> list[str]:
        """Where augmentation moves one map alone."""
        return list_remarks(self.augment, paired=self.paired)

    def missing(self) -> list[str]:
        """The root, where there is no such folder."""
        return self._files().missing()

    def open(self, split: str, size: Size | None = None) -> Dataset:
        """List and match the files of a split; headers and pixels are judged when they are read."""
        samples = self._files().open(split, size)
        if self.cache == "none" or split != LEARNED:  # only what is learned from is kept
            return samples
        return samples.kept(self.cache, self.cache_size)

    def inspect(self, split: str, size: Size | None = None) -> list[str]:
        """Every mistake in the files of a split that names and headers tell."""
        return self._files().inspect(split, size)

    def decode(self, split: str, size: Size | None = None) -> list[str]:
        """As `inspect`, and every file is decoded."""
        return self._files().inspect(split, size, pixels=True)

    def remarks(self, split: str) -> list[str]:
        """The classes of label maps that no pixel has, and numbers beyond a declared range."""
        files = self._files()
        found = [
            f"no pixel of the class{'es' * (len(ids) > 1)} {_listed(ids)} in {name}"
            for name, ids in files.unseen(split).items()
        ]
        for name, beyond in files.outside(split).items():
            found += beyond.told(name, self._modes()[name])
        return found

    def listed(self, split: str) -> tuple[Samples, list[str]]:
        """The samples of a split by the names of files, and what is wrong with others.

        Raises:
            DataError: there is no such split.
        """
        return self._files().listed(split)

    def facts(self, split: str) -> list[str]:
        """The sizes and modes of the files of a split, from the same headers."""
        return self._files().facts(split)

    def sizes(self, split: str, size: Size | None = None) -> dict[tuple[int, int], str]:
        """The sizes of a split in training, from the headers that `inspect` reads."""
        return self._files().sizes(split, size)

    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Samples without a target, at their own size."""
        return self._files().inputs(Path(path), pairs=pairs, maps=maps)

    def _types(self, split: str) -> dict[str, str]:
        return self._files().types(split)

    @abstractmethod
    def _files(self) -> Root:
        """What knows the files."""

    def _geometry(self) -> Geometry:
        """The size rule with the augmentation of the recipe."""
        from gan_zoo_data.maps.augment import Augment

        ignored = {name: ids[0] for name in self.maps() if (ids := self.ignored_ids(name))}
        augment = Augment(self.augment, ignored)
        return replace(super()._geometry(), augment=augment, resampler=self.resampler)
