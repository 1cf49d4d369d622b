"""Samples in files: the Dataset that every layout ends in, and what all layouts do with it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from torchvision.transforms.v2 import functional as F

from gan_zoo.components import DataError, Sample, distinct_ids, progress
from gan_zoo_data import pictures
from gan_zoo_data.faults import group_faults
from gan_zoo_data.geometry import Geometry
from gan_zoo_data.ids import Ids
from gan_zoo_data.layouts import Side
from gan_zoo_data.pictures import Header, Wanted

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode


THREADS = min(8, os.cpu_count() or 1)
WORDS = {"label": "label map", "instance": "instance map"}  # in messages; else the map's name


class Survey(NamedTuple):
    """What the headers of a split say, and the pixels of its maps of ids.

    Args:
        mistakes: What is wrong, by file.
        sizes: (height, width) in training -> the first file of it.
        unseen: Map -> its classes that no sample holds.
    """

    mistakes: tuple[str, ...]
    sizes: Mapping[tuple[int, int], str]
    unseen: Mapping[str, tuple[int, ...]]


class File(NamedTuple):
    """A file as it is read: one may be a picture in one map and ids in another."""

    path: Path
    ids: bool


class Look(NamedTuple):
    """What a sample was found to be.

    Args:
        headers: Of its files.
        classes: Map of ids -> the different ones.
        size: (height, width) in training.
    """

    headers: Mapping[File, Header]
    classes: Mapping[str, list[int]]
    size: tuple[int, int]


@dataclass(frozen=True)
class Samples:
    """The samples of a split, or inputs to translate.

    Args:
        names: Name of each sample.
        files: Map -> its file in each sample.
        kinds: Map -> mode of its files, or what their ids may be.
        halves: Map -> the half of the file that it is, A left and B right; without, all of it.
        geometry: The size rule.
        said: The description for the user.
        fixed: Only the files can change, the recipe cannot.
    """

    names: tuple[str, ...]
    files: Mapping[str, tuple[Path, ...]]
    kinds: Mapping[str, Mode | Ids]
    halves: Mapping[str, Side] = field(default_factory=dict)
    geometry: Geometry = field(default_factory=Geometry)
    said: str = ""
    fixed: bool = False

    def __len__(self) -> int:
        return len(self.names)

    def describe(self) -> str:
        """What was found, where, in which layout; the size rule; classes that a survey missed."""
        survey = next((made for split, _, made in SURVEYS if split == self), None)
        unseen = survey.unseen if survey else {}
        rule = self.geometry.describe()
        return f"{self.said}{'; ' * bool(rule)}{rule}" + "".join(
            f"; no pixel of the class{'es' * (len(ids) > 1)} {', '.join(map(str, ids))} in {name}"
            for name, ids in unseen.items()
        )

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """One sample; the maps share one draw.

        Raises:
            DataError: names the file that cannot be read or is not what the recipe says.
        """
        wanted = self._wanted(index)
        whole = {file: pictures.read(file.path, want) for file, want in wanted.items()}
        self._one_size(index, whole)
        maps = {name: self._half(name, whole[self._file(name, index)]) for name in self.files}
        geometry = replace(self.geometry, ids=self._ids)
        maps = geometry.apply(maps, draw, str(next(iter(whole)).path))
        tensors = {name: F.pil_to_tensor(picture) for name, picture in maps.items()}  # C H W
        return Sample(
            self.names[index], tuple(dict.fromkeys(str(file.path) for file in whole)), tensors
        )

    def survey(self) -> Survey:
        """What the files say, sample by sample; read again only where one has changed."""
        files = {path for of_map in self.files.values() for path in of_map}
        stamps = {path: _stamp(path) for path in files}
        for split, then, survey in SURVEYS:
            if split == self and then == stamps:
                return survey
        SURVEYS.append((self, stamps, self._survey()))
        return SURVEYS[-1][2]

    def broken(self) -> list[str]:
        """The pictures whose header is sound and whose pixels break off: all are decoded, once as
        long as none changes. Maps of ids are decoded by `survey`.
        """
        wanted = {f: w for n in range(len(self)) for f, w in self._wanted(n).items() if not f.ids}
        stamps = {file.path: _stamp(file.path) for file in wanted}
        for files, then, lines in DECODED:
            if files == wanted and then == stamps:
                return lines
        lines = []
        with ThreadPoolExecutor(THREADS) as pool, progress(len(wanted), "decoding") as advance:
            for line in pool.map(_broken, wanted.items()):
                lines += [line] if line else []
                advance()
        DECODED.append((wanted, stamps, lines))
        return lines

    def _survey(self) -> Survey:
        found: list[DataError | str] = []
        sizes: dict[tuple[int, int], str] = {}
        modes: dict[str, str] = {}
        seen = {name: set[int]() for name, kind in self.kinds.items() if _classes(kind)}
        looks = []
        with ThreadPoolExecutor(THREADS) as pool, progress(len(self), "reading samples") as advance:
            for look in pool.map(self._look, range(len(self))):  # decoders let other threads work
                looks.append(look)
                advance()
        for index, look in enumerate(looks):
            if isinstance(look, list):
                found += look
                continue
            for name in self.files:
                mode = look.headers[self._file(name, index)].mode
                if modes.setdefault(name, mode) != mode:
                    found.append(
                        f"{self.files[name][index]} is {mode}, but the files before it are "
                        f"{modes[name]}; convert one kind"
                    )
            for name, ids in seen.items():
                ids.update(look.classes[name])
            sizes.setdefault(look.size, str(next(iter(look.headers)).path))
        unseen = {
            name: tuple(id for id in range(_classes(self.kinds[name])) if id not in ids)
            for name, ids in seen.items()
        }
        return Survey(
            tuple(group_faults(found)), sizes, {name: ids for name, ids in unseen.items() if ids}
        )

    def _look(self, index: int) -> Look | list[DataError]:
        """One sample: the headers of pictures, the pixels of ids; or what is wrong with it."""
        headers: dict[File, Header] = {}
        ids: dict[File, list[int]] = {}
        wrong: list[DataError] = []
        for file, wanted in self._wanted(index).items():
            try:
                if not file.ids:
                    headers[file] = pictures.header(file.path, wanted)
                    continue
                picture = pictures.read(file.path, wanted)
            except DataError as problem:
                wrong.append(problem)
                continue
            headers[file] = Header(picture.mode, picture.height, picture.width)
            ids[file] = distinct_ids(np.asarray(picture)).tolist()
        if wrong:
            return wrong
        try:
            self._one_size(index, headers)
            first, (_, height, width) = next(iter(headers.items()))
            width = width // 2 if self.halves else width
            steps = self.geometry.steps(height, width, str(first.path), training=True)
        except DataError as problem:
            return [problem]
        classes = {name: ids[self._file(name, index)] for name in self._ids}
        return Look(headers, classes, steps.crop or steps.resize)

    @property
    def _ids(self) -> frozenset[str]:
        return frozenset(name for name, kind in self.kinds.items() if isinstance(kind, Ids))

    def _file(self, name: str, index: int) -> File:
        return File(self.files[name][index], isinstance(self.kinds[name], Ids))

    def _wanted(self, index: int) -> dict[File, Wanted]:
        """The files of a sample, each once, with what they should be."""
        kinds: dict[File, dict[str, Mode | Ids]] = {}
        for name in self.files:
            kinds.setdefault(self._file(name, index), {})[name] = self.kinds[name]
        return {
            file: Wanted(
                {name: kind for name, kind in of_file.items() if not isinstance(kind, Ids)},
                self.fixed,
                tuple(kind for kind in of_file.values() if isinstance(kind, Ids)),
            )
            for file, of_file in kinds.items()
        }

    def _one_size(self, index: int, found: Mapping[File, Header | Image.Image]) -> None:
        """Refuse a sample whose maps differ in size."""
        (first, one), *others = found.items()
        if self.halves and one.width % 2:
            raise DataError(
                f"{first.path} is {one.width} wide, which makes halves of {one.width // 2} and "
                f"{one.width - one.width // 2}: two sizes in a pair; make the width even"
            )
        for file, other in others:
            if (one.height, one.width) != (other.height, other.width):
                name = next(name for name in self.files if self._file(name, index) == file)
                nearest = ", ids by nearest" if self._ids else ""
                raise DataError(
                    f"{first.path} is {one.height}x{one.width} (height x width), but its "
                    f"{WORDS.get(name, 'partner')} {file.path} is {other.height}x{other.width}; "
                    f"make the two sizes equal{nearest}"
                )

    def _half(self, name: str, picture: Image.Image) -> Image.Image:
        if name not in self.halves:
            return picture
        middle = picture.width // 2
        left = 0 if self.halves[name] == "A" else middle
        return picture.crop((left, 0, left + middle, picture.height))


Stamps = Mapping[Path, tuple[int, int] | None]
SURVEYS: deque[tuple[Samples, Stamps, Survey]] = deque(maxlen=4)  # the last ones, to be shared
DECODED: deque[tuple[Mapping[File, Wanted], Stamps, list[str]]] = deque(maxlen=4)  # likewise


def _broken(asked: tuple[File, Wanted]) -> str:
    """What only decoding tells of a picture; empty where there is nothing."""
    file, wanted = asked
    try:
        pictures.header(file.path, wanted)
    except DataError:  # a survey says it
        return ""
    try:
        pictures.read(file.path, wanted)
    except DataError as problem:
        return str(problem)
    return ""


def _classes(kind: Mode | Ids) -> int:
    return (kind.classes or 0) if isinstance(kind, Ids) else 0


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file does."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
