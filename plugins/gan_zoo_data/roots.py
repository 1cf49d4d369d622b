"""Folders that hold splits of samples: what all layouts do with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from gan_zoo.components import DataError, remembered, unreadable
from gan_zoo_data.files.ids import Ids
from gan_zoo_data.files.pictures import EXTENSIONS
from gan_zoo_data.folders.header_facts import header_facts
from gan_zoo_data.folders.listing import (
    Listing,
    list_pictures,
    name_skipped,
    no_folder,
    refuse_mistakes,
)
from gan_zoo_data.maps.geometry import Geometry
from gan_zoo_data.samples import Samples
from gan_zoo_data.splits import LEARNED
from gan_zoo_data.surveys import WORDS

if TYPE_CHECKING:
    from gan_zoo_data.files.ranges import Outside
    from gan_zoo_data.modes import Mode

T = TypeVar("T")
ALPHA = ("LA", "RGBA", "alpha")  # what modes end in whose last band is alpha


@dataclass(frozen=True)
class Root(ABC):
    """A folder that holds splits of samples.

    Args:
        root: The folder.
        geometry: The size rule in training and evaluation.
    """

    root: Path
    geometry: Geometry

    @abstractmethod
    def found(self, split: str) -> tuple[Samples, list[str]]:
        """The samples of a split, and one message for each file that makes none.

        Raises:
            DataError: there is no such split.
        """

    @abstractmethod
    def inputs(self, path: Path, *, pairs: bool, maps: Sequence[str] | None) -> Samples:
        """Samples without a target, at their own size.

        Raises:
            DataError: names the file.
        """

    def missing(self) -> list[str]:
        """The root, where there is no such folder."""
        try:
            return [] if self.root.is_dir() else [no_folder(self.root)]
        except OSError as problem:  # a folder around it may not be entered
            return [unreadable(problem)]

    def open(self, split: str, size: tuple[int, int] | None) -> Samples:
        """List and match the files of a split.

        Raises:
            DataError: a file has no place or no partner.
        """
        found, mistakes = self.listed(split)
        refuse_mistakes(self._as_named(mistakes))
        return self._sized(found, size)

    def inspect(
        self, split: str, size: tuple[int, int] | None = None, *, pixels: bool = False
    ) -> list[str]:
        """Every mistake in listing, matching, headers and sizes, by file; pixels and ids are judged
        where that is asked for.
        """
        try:
            found, mistakes = self.listed(split)
        except DataError as problem:
            return [str(problem)]
        judged = self._sized(found, size).survey().mistakes
        decoded = found.decode().mistakes if pixels else ()
        other = self._unlike_training(split, found)
        return self._as_named([*mistakes, *judged, *other, *decoded])

    def sizes(self, split: str, size: tuple[int, int] | None = None) -> dict[tuple[int, int], str]:
        """The sizes in training, each with its first file, of what has no mistake."""
        try:
            found, _ = self.listed(split)
        except DataError:  # `inspect` says it
            return {}
        sizes = self._sized(found, size).survey().sizes
        return dict(zip(sizes, self._as_named(sizes.values()), strict=True))

    def facts(self, split: str) -> list[str]:
        """Which layout a split has and why, and what its headers say: sizes and modes."""
        try:
            found, _ = self.listed(split)
        except DataError:  # `inspect` says it
            return []
        why = self._once("layout", split, lambda bare: bare.layout_of(split))
        return [*self._as_named(filter(None, [why])), *header_facts(found)]

    def _unlike_training(self, split: str, found: Samples) -> list[str]:
        """A message for each side whose last band is alpha here and not in training, or the other
        way round: a number of bands says it of neither, and the files do.
        """
        if split == LEARNED:
            return []
        try:
            learned = self.listed(LEARNED)[0].first_headers()
            heads = found.first_headers()
        except DataError:  # another split's, or told by the survey
            return []
        return [
            f"{found.files[name][0]} is {head.mode}, but the files of {LEARNED} are "
            f"{learned[name].mode}; what the last band means must be the same in all splits: "
            "convert one kind"
            for name, head in heads.items()
            if name in learned
            and head.mode != learned[name].mode
            and any(mode.endswith(ALPHA) for mode in (head.mode, learned[name].mode))
        ]

    def layout_of(self, split: str) -> str:
        """Which layout a split has, and why; empty where that says itself."""
        return ""

    def unseen(self, split: str) -> dict[str, tuple[int, ...]]:
        """Map of labels -> its classes that no sample holds."""
        try:
            found, _ = self.listed(split)
        except DataError:  # `inspect` says it
            return {}
        return dict(found.decode().unseen)

    def outside(self, split: str) -> dict[str, Outside]:
        """Map -> what lies beyond its range."""
        try:
            found, _ = self.listed(split)
        except DataError:  # `inspect` says it
            return {}
        return dict(found.decode().outside)

    def types(self, split: str) -> dict[str, str]:
        """Map of pictures -> the type of the numbers in its first file; empty where the files are
        not there, or not sound.
        """
        try:
            found, _ = self.listed(split)
            return {name: head.dtype for name, head in found.first_headers().items()}
        except DataError:  # `missing` and `inspect` say it
            return {}

    def listed(self, split: str) -> tuple[Samples, list[str]]:
        """What is found of a split, and what is wrong, which no size rule changes.

        Raises:
            DataError: there is no such split.
        """
        return self._once("files", split, lambda bare: bare.found(split))

    def _once(self, what: str, split: str, make: Callable[[Self], T]) -> T:
        """What is made of a split, whatever the size rule and however the root is called.

        Raises:
            DataError: what `make` raises, with the root as the user calls it; or the system does
                not let a folder be read.
        """
        bare = replace(self, root=self.root.resolve(), geometry=Geometry())
        try:
            return remembered(f"{what} of {split} in {bare!r}", lambda: make(bare))
        except DataError as problem:
            raise DataError(*self._as_named([str(problem)])) from problem
        except OSError as problem:
            raise DataError(*self._as_named([unreadable(problem)])) from problem

    def _as_named(self, lines: Iterable[str]) -> list[str]:
        """Messages with the root as the user calls it: files are listed by their whole path, once
        for all ways to call it.
        """
        whole, called = str(self.root.resolve()), str(self.root)
        return [line.replace(whole, called) for line in lines]

    def _sized(self, found: Samples, size: tuple[int, int] | None) -> Samples:
        return replace(found, geometry=replace(self.geometry, size=size))


def list_inputs(path: Path) -> Listing:
    """One picture file, or the pictures of a folder.

    Raises:
        DataError: there is nothing, or no picture.
    """
    if path.is_dir():
        return list_pictures(path)
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    if path.suffix.lower() not in EXTENSIONS:
        raise DataError(f"{path} is not a picture ({' '.join(EXTENSIONS)})")
    return Listing(path.parent, {path.stem: path})


def one_map_inputs(
    path: Path, names: Sequence[str], kinds: Mapping[str, Mode | Ids], instead: str
) -> Samples:
    """A file or a folder of files of the one map that is asked for.

    Args:
        path: The file or the folder.
        names: The maps that are asked for.
        kinds: Map -> mode of its files, or what their ids may be.
        instead: What would hold several maps, for the message.

    Raises:
        DataError: several are asked for, or there is no picture.
    """
    if len(names) > 1:
        raise DataError(
            f"{path} is no {instead}; the model asks for {' and '.join(names)}, so name one with "
            "these columns"
        )
    found = list_inputs(path)
    refuse_mistakes(found.mistakes)
    kind = WORDS.get(names[0], "picture")
    return Samples(
        names=tuple(found.files),
        files={names[0]: tuple(found.files.values())},
        kinds={names[0]: kinds[names[0]]},
        said=f"{len(found.files)} {kind}{'s' * (len(found.files) != 1)} in {path}, whole"
        + name_skipped(found),
        fixed=True,
    )


def input_maps(kinds: Mapping[str, Mode | Ids], maps: Sequence[str] | None) -> list[str]:
    """The maps that a translation must give, in the order of the data.

    Raises:
        DataError: they are not to be had.
    """
    there = [name for name in kinds if name != "target" or name in (maps or ())]
    if beyond := [name for name in maps or () if name not in there]:
        raise DataError(
            f"the model asks for {beyond[0]}, but inputs hold {', '.join(there) or 'nothing'}; "
            "let its conditions use another map"
        )
    return [name for name in there if not maps or name in maps]
