"""Folders of pictures of two sides: open a split, or take pictures of one side to translate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gan_zoo.components import DataError, Found, Sample, remembered
from gan_zoo_data.folders.file_modes import mode_of
from gan_zoo_data.folders.layouts import (
    BESIDE,
    Place,
    find_places,
    find_splits,
    name_place,
    refuse_no_root,
    say_no_split,
)
from gan_zoo_data.folders.listing import (
    list_pictures,
    name_skipped,
    no_folder,
    refuse_mistakes,
)
from gan_zoo_data.maps.geometry import Geometry
from gan_zoo_data.roots import list_inputs
from gan_zoo_data.samples import Samples
from gan_zoo_data.splits import SPLITS

if TYPE_CHECKING:
    from gan_zoo_data.bases import Sized
    from gan_zoo_data.modes import Mode

LETTERS = {"source": "A", "target": "B"}
SIDE_A = [layout["A"] for layout in BESIDE]


@dataclass(frozen=True)
class Unpaired:
    """The samples of a split.

    Args:
        a: Those of side A, with the map `source`.
        b: Those of side B, with the map `target`.
        pairing: Which B goes along in training.
    """

    a: Samples
    b: Samples
    pairing: Literal["random", "serial"]

    def __len__(self) -> int:
        return max(len(self.a), len(self.b))

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """A picture of each side. Of the draw, A takes its numbers first, then which B, then B.

        Raises:
            DataError: names the file that cannot be read or is not what the recipe says.
        """
        again, at = divmod(index, len(self.a))
        ours = self.a.read(at, draw)
        if draw is None or self.pairing == "serial":
            partner = index % len(self.b)
        else:
            partner = int(draw.integers(len(self.b)))
        theirs = self.b.read(partner, draw)
        name = f"{ours.name}+{again}" if again else ours.name
        return Sample(name, (*ours.files, *theirs.files), {**ours.maps, **theirs.maps})

    def identity(self) -> Iterator[tuple[str, int]]:
        """Every picture's side and name, and its bytes."""
        for letter, side in (("A", self.a), ("B", self.b)):
            yield from ((f"{letter}/{name}", size) for name, size in side.identity())

    def describe(self) -> str:
        """How many pictures there are, where, and which go together."""
        with_ = "any" if self.pairing == "random" else "the next"
        return f"{self.a.said} and {self.b.said}, unpaired: each with {with_} of the other side" + (
            f"; {rule}" if (rule := self.a.geometry.describe()) else ""
        )


@dataclass(frozen=True)
class UnpairedFolder:
    """A root with splits of two sides.

    Args:
        root: The folder.
        geometry: The size rule in training and evaluation.
        modes: Modes of source and target.
        pairing: Which B goes along in training.
    """

    root: Path
    geometry: Geometry
    modes: Mapping[str, Mode]
    pairing: Literal["random", "serial"]

    def missing(self) -> list[str]:
        """The root, where there is no such folder."""
        return [] if self.root.is_dir() else [no_folder(self.root)]

    def open(self, split: str, size: tuple[int, int] | None) -> Unpaired:
        """List both sides of a split.

        Raises:
            DataError: there is no such split, or a file that is no picture.
        """
        sides, mistakes = self._found(split, size)
        refuse_mistakes(mistakes)
        return Unpaired(*sides, self.pairing)

    def inspect(
        self, split: str, size: tuple[int, int] | None, *, pixels: bool = False
    ) -> list[str]:
        """Every mistake in listing, headers and sizes, by file; pixels are decoded where that is
        asked for.
        """
        try:
            sides, mistakes = self._found(split, size)
        except DataError as problem:
            return [str(problem)]
        for side in sides:
            mistakes += [*side.survey().mistakes, *(side.decode().mistakes if pixels else ())]
        return mistakes

    def sizes(self, split: str, size: tuple[int, int] | None) -> dict[tuple[int, int], str]:
        """The sizes in training, each with its first file, of what has no mistake."""
        try:
            sides, _ = self._found(split, size)
        except DataError:  # `inspect` says it
            return {}
        a, b = (side.survey().sizes for side in sides)
        return {**b, **a}

    def types(self, split: str) -> dict[str, str]:
        """Side -> the type of the numbers in its first file; empty where there is no sound one."""
        try:
            sides, _ = self._found(split, None)
            heads = [side.first_headers() for side in sides]
            return {name: head.dtype for found in heads for name, head in found.items()}
        except DataError:  # `missing` and `inspect` say it
            return {}

    def inputs(self, path: Path, *, pairs: bool, maps: Sequence[str] | None) -> Samples:
        """The pictures at a path as those of one side, at their own size.

        Raises:
            DataError: there is no picture, a file that is none, or more is asked for than one side.
        """
        (name, *others) = maps or ("source",)
        if others or name not in self.modes:
            asked = ", ".join([name, *others])
            raise DataError(
                f"{path}: pictures of one side are inputs, source or target, and {asked} came"
            )
        if pairs:
            raise DataError(
                f"{path}: --pairs takes half of each file, and here no file holds two pictures; "
                "leave it out"
            )
        if path.resolve() == self.root.resolve() and (found := find_splits(path, SIDE_A)):
            raise DataError(
                f"{path} holds both sides of {' and '.join(found)}; name the folder of side "
                f"{LETTERS[name]}"
            )
        listed = list_inputs(path)
        refuse_mistakes(listed.mistakes)
        count = f"{len(listed.files)} picture{'s' * (len(listed.files) != 1)} in {path}"
        return Samples(
            names=tuple(listed.files),
            files={name: tuple(listed.files.values())},
            kinds={name: self.modes[name]},
            said=f"{count}, of side {LETTERS[name]}{name_skipped(listed)}",
            fixed=True,
        )

    def _found(
        self, split: str, size: tuple[int, int] | None
    ) -> tuple[tuple[Samples, Samples], list[str]]:
        """Both sides, and one message for each file that has no place."""
        bare = replace(self, root=self.root.resolve(), geometry=Geometry())
        sides, mistakes = remembered(f"files of {split} in {bare!r}", lambda: bare._listed(split))
        geometry = replace(self.geometry, size=size)
        a, b = (replace(side, geometry=geometry) for side in sides)
        return (a, b), [*mistakes]

    def _listed(self, split: str) -> tuple[tuple[Samples, Samples], list[str]]:
        """The same without a size rule."""
        folders = self._place(split).folders
        sides, mistakes = [], []
        for name, letter in LETTERS.items():
            folder = folders[letter]
            listed = list_pictures(folder)
            mistakes += listed.mistakes
            said = f"{len(listed.files)} pictures {letter} in {folder}{name_skipped(listed)}"
            sides.append(
                Samples(
                    names=tuple(listed.files),
                    files={name: tuple(listed.files.values())},
                    kinds={name: self.modes[name]},
                    said=said,
                )
            )
        a, b = sides
        return (a, b), mistakes

    def _place(self, split: str) -> Place:
        """The folders of both sides.

        Raises:
            DataError: they are not there, or only one of them, or twice.
        """
        refuse_no_root(self.root)
        there = find_places(self.root, split, BESIDE, ("A", "B"), 1)
        if not there:
            looked = "; ".join(
                " and ".join(f"{folder.replace('{split}', split)}/" for folder in layout.values())
                for layout in BESIDE
            )
            cure = "or arrange the files in one of these ways"
            raise DataError(
                say_no_split(self.root, split, looked, find_splits(self.root, SIDE_A), cure)
            )
        if len(there) > 1:
            twice = "; ".join(name_place(self.root, place) for place in there)
            told = f"{self.root} has the split '{split}' more than once: {twice}"
            raise DataError(f"{told}; keep one of them")
        a, b = there[0].folders.values()
        for one, other in ((a, b), (b, a)):
            if not other.is_dir():
                raise DataError(
                    f"{one} has no {other} beside it; put pictures of the other side there"
                )
        return there[0]


def recognize(spec: type[Sized], root: Path) -> Found | None:
    """Two folders a split of which most names are not the same; else they are pairs."""
    counts: dict[str, int] = {}
    first: dict[str, list[Path]] = {}
    why = ""
    for split in SPLITS:
        for place in find_places(root, split, BESIDE, ("A", "B"), 2)[:1]:
            a, b = (list_pictures(folder).files for folder in place.folders.values())
            if not a or not b or 2 * len(a.keys() & b.keys()) >= min(len(a), len(b)):
                return None
            counts[split] = max(len(a), len(b))
            first = first or dict(zip(LETTERS, ([*a.values()], [*b.values()]), strict=True))
            why = why or f"{name_place(root, place)} hold pictures of other names each"
    if not counts:
        return None
    modes = {name: mode_of(files, name) for name, files in first.items()}
    said: dict[str, Any] = {name: mode for name, (mode, _) in modes.items()}
    notes = tuple(note for _, told in modes.values() for note in told)
    return Found(spec.model_validate({"root": str(root), **said}), why, counts, notes)
