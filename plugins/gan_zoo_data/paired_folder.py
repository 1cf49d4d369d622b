"""Folders of paired pictures: open a split, inspect it, or take its sources to translate."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from PIL import Image
from torchvision.transforms.v2 import functional as F

from gan_zoo.errors import DataError
from gan_zoo.protocols import Sample
from gan_zoo_data import pictures
from gan_zoo_data.geometry import Geometry
from gan_zoo_data.layouts import Listing, Side, clutter, find, listing, partners, refuse
from gan_zoo_data.pictures import EXTENSIONS, Header, Wanted

if TYPE_CHECKING:
    from gan_zoo_data.specs import Mode

SPLITS = ("train", "val", "test")  # folders in which `inputs` expects pictures side by side
HALF = {"A": "left", "B": "right"}


class Survey(NamedTuple):
    """What the headers of a split say.

    Args:
        mistakes: What is wrong, by file.
        sizes: (height, width) in training -> the first file of it.
    """

    mistakes: tuple[str, ...]
    sizes: Mapping[tuple[int, int], str]


@dataclass(frozen=True)
class Pictures:
    """The samples of a split, or inputs to translate: a Dataset of picture files.

    Args:
        names: Name of each sample.
        files: Map -> its file in each sample.
        modes: Map -> mode of its files.
        halves: Map -> the half of the file that it is, A left and B right; without, all of it.
        geometry: The size rule.
        said: The description for the user.
        fixed: Only the files can change, the recipe cannot.
    """

    names: tuple[str, ...]
    files: Mapping[str, tuple[Path, ...]]
    modes: Mapping[str, Mode]
    halves: Mapping[str, Side] = field(default_factory=dict)
    geometry: Geometry = field(default_factory=Geometry)
    said: str = ""
    fixed: bool = False

    def __len__(self) -> int:
        return len(self.names)

    def describe(self) -> str:
        """What was found, where, and in which layout."""
        return self.said

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """One sample; the maps share one draw.

        Raises:
            DataError: names the file that cannot be read or is not what the recipe says.
        """
        wanted = self._wanted(index)
        whole = {path: pictures.read(path, want) for path, want in wanted.items()}
        self._one_size(whole)
        maps = {name: self._half(name, whole[files[index]]) for name, files in self.files.items()}
        maps = self.geometry.apply(maps, draw, str(next(iter(whole))))
        tensors = {name: F.pil_to_tensor(picture) for name, picture in maps.items()}  # C H W
        return Sample(self.names[index], tuple(map(str, whole)), tensors)

    def survey(self) -> Survey:
        """What the headers say, sample by sample; read again only where a file has changed."""
        files = {path for of_map in self.files.values() for path in of_map}
        stamps = {path: _stamp(path) for path in files}
        for split, then, survey in SURVEYS:
            if split == self and then == stamps:
                return survey
        SURVEYS.append((self, stamps, self._survey()))
        return SURVEYS[-1][2]

    def _survey(self) -> Survey:
        found: list[str] = []
        sizes: dict[tuple[int, int], str] = {}
        modes: dict[str, str] = {}
        for index in range(len(self)):
            try:
                headers = {
                    path: pictures.header(path, w) for path, w in self._wanted(index).items()
                }
                self._one_size(headers)
                for name, files in self.files.items():
                    mode = headers[files[index]].mode
                    if modes.setdefault(name, mode) != mode:
                        found.append(
                            f"{files[index]} is {mode}, but the files before it are "
                            f"{modes[name]}; convert one kind"
                        )
                first = next(iter(headers))
                _, height, width = headers[first]
                width = width // 2 if self.halves else width
                steps = self.geometry.steps(height, width, str(first), training=True)
                sizes.setdefault(steps.crop or steps.resize, str(first))
            except DataError as problem:
                found.append(str(problem))
        return Survey(tuple(found), sizes)

    def _wanted(self, index: int) -> dict[Path, Wanted]:
        """The files of a sample, each once, with what they should be."""
        modes: dict[Path, dict[str, Mode]] = {}
        for name, files in self.files.items():
            modes.setdefault(files[index], {})[name] = self.modes[name]
        return {path: Wanted(options, self.fixed) for path, options in modes.items()}

    def _one_size(self, found: Mapping[Path, Header] | Mapping[Path, Image.Image]) -> None:
        """Refuse a sample whose maps differ in size."""
        (first, one), *others = found.items()
        if self.halves and one.width % 2:
            raise DataError(
                f"{first} is {one.width} wide, which makes halves of {one.width // 2} and "
                f"{one.width - one.width // 2}: two sizes in a pair; make the width even"
            )
        for path, other in others:
            if (one.height, one.width) != (other.height, other.width):
                raise DataError(
                    f"{first} is {one.height}x{one.width} (height x width), but its partner {path} "
                    f"is {other.height}x{other.width}; make the two sizes equal"
                )

    def _half(self, name: str, picture: Image.Image) -> Image.Image:
        if name not in self.halves:
            return picture
        middle = picture.width // 2
        left = 0 if self.halves[name] == "A" else middle
        return picture.crop((left, 0, left + middle, picture.height))


@dataclass(frozen=True)
class PairedFolder:
    """A root with splits of paired pictures.

    Args:
        root: The folder that holds the splits.
        direction: Which side is the source.
        modes: Modes of source and target.
        geometry: The size rule in training and evaluation.
    """

    root: Path
    direction: Literal["a_to_b", "b_to_a"]
    modes: Mapping[str, Mode]
    geometry: Geometry

    def missing(self) -> list[str]:
        """The root, where there is no such folder."""
        if self.root.is_dir():
            return []
        return [f"there is no folder {self.root}; name yours with --data DIR"]

    def open(self, split: str, size: tuple[int, int] | None) -> Pictures:
        """List and pair the files of a split.

        Raises:
            DataError: a file has no place or no partner.
        """
        found, mistakes = self._pairs(split)
        refuse(mistakes)
        return replace(found, geometry=replace(self.geometry, size=size))

    def inspect(self, split: str, size: tuple[int, int] | None = None) -> list[str]:
        """Every mistake in listing, pairing, headers and sizes, by file."""
        try:
            found, mistakes = self._pairs(split)
        except DataError as problem:
            return [str(problem)]
        sized = replace(found, geometry=replace(self.geometry, size=size))
        return [*mistakes, *sized.survey().mistakes]

    def sizes(self, split: str, size: tuple[int, int] | None = None) -> dict[tuple[int, int], str]:
        """The sizes in training, each with its first file, of what has no mistake."""
        try:
            found, _ = self._pairs(split)
        except DataError:  # `inspect` says it
            return {}
        return dict(replace(found, geometry=replace(self.geometry, size=size)).survey().sizes)

    def inputs(self, path: Path, *, pairs: bool) -> Pictures:
        """The pictures at a path as sources, whole or the source half, at their own size.

        Raises:
            DataError: there is no picture, a file that is none, or pairs that nobody asked for.
        """
        found = _given(path)
        refuse(found.mistakes)
        half = self._sides()["source"]
        if self._holds_pairs(path) and not pairs:
            raise DataError(
                f"{path} holds pairs side by side, as in training; --pairs takes the source half, "
                "or name a folder of source pictures"
            )
        count = f"{len(found.files)} picture{'s' * (len(found.files) != 1)} in {path}"
        said = f"{count}, whole"
        if pairs:
            said = f"{count}, {HALF[half]} half ({half}) of each: side by side, as asked"
        return Pictures(
            names=tuple(found.files),
            files={"source": tuple(found.files.values())},
            modes={"source": self.modes["source"]},
            halves={"source": half} if pairs else {},
            said=said + clutter(found),
            fixed=True,
        )

    def _sides(self) -> dict[str, Side]:
        if self.direction == "a_to_b":
            return {"source": "A", "target": "B"}
        return {"source": "B", "target": "A"}

    def _pairs(self, split: str) -> tuple[Pictures, list[str]]:
        """The pairs of a split, and what has no place or no partner."""
        folders = find(self.root, split)
        sides = self._sides()
        if folders.side_by_side:
            both = listing(folders.a)
            listings: dict[Side, Listing] = {"A": both, "B": both}
            mistakes, skipped = both.mistakes, clutter(both)
            kinds = [f"{name} = {HALF[side]} half ({side})" for name, side in sides.items()]
            where = f"{folders.a}, side by side: {', '.join(kinds)}"
        else:
            listings = {"A": listing(folders.a), "B": listing(folders.b)}
            a, b = listings.values()
            mistakes, skipped = a.mistakes + b.mistakes + partners(a, b), clutter(a, b)
            kinds = [f"{name} = {listings[side].folder}" for name, side in sides.items()]
            where = f"{self.root}, matched by name: {', '.join(kinds)}"
        names = tuple(stem for stem in listings["A"].files if stem in listings["B"].files)
        found = Pictures(
            names=names,
            files={
                name: tuple(listings[side].files[stem] for stem in names)
                for name, side in sides.items()
            },
            modes=self.modes,
            halves=sides if folders.side_by_side else {},
            geometry=self.geometry,
            said=f"{len(names)} pair{'s' * (len(names) != 1)} in {where}{skipped}",
        )
        return found, mistakes

    def _holds_pairs(self, path: Path) -> bool:
        """Whether a path lies in a side-by-side split of the root.

        Raises:
            DataError: it is the root itself, which holds several splits.
        """
        root, inside = self.root.resolve(), path.resolve()
        if not inside.is_relative_to(root):
            return False
        parts = inside.relative_to(root).parts
        splits = [split for split in SPLITS if (root / split).is_dir()]
        if not parts and splits:
            raise DataError(
                f"{path} holds the splits of the data; name one, as {path / splits[-1]}"
            )
        return bool(parts) and parts[0] in splits and find(root, parts[0]).side_by_side


Stamps = Mapping[Path, tuple[int, int] | None]
SURVEYS: deque[tuple[Pictures, Stamps, Survey]] = deque(maxlen=4)  # the last ones, to be shared


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file does."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _given(path: Path) -> Listing:
    """One picture file, or the pictures of a folder."""
    if path.is_dir():
        return listing(path)
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    if path.suffix.lower() not in EXTENSIONS:
        raise DataError(f"{path} is not a picture ({' '.join(EXTENSIONS)})")
    return Listing(path.parent, {path.stem: path})
