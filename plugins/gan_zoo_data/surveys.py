"""The files of a split, looked at before they are read: headers, and what all pixels say."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gan_zoo.components import DataError, progress, remembered
from gan_zoo_data.faults import group_faults
from gan_zoo_data.files import pictures
from gan_zoo_data.files.ids import Array, Ids
from gan_zoo_data.files.looks import Decoded, File, Heads, Pixels, Survey, sort
from gan_zoo_data.files.pictures import Header, Wanted
from gan_zoo_data.folders.layouts import Side
from gan_zoo_data.maps.geometry import Geometry
from gan_zoo_data.pixel_facts import PixelFacts

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

T = TypeVar("T")
THREADS = min(8, os.cpu_count() or 1)
AT_ONCE = 64  # samples that a thread looks at before it tells
WORDS = {"label": "label map", "instance": "instance map"}  # in messages; else the map's name


@dataclass(frozen=True)
class Surveyed:
    """The files of a split, or of inputs to translate.

    Args:
        names: Name of each sample.
        files: Map -> its file in each sample.
        kinds: Map -> mode of its files, or what their ids may be.
        halves: Map -> the half of the file that it is, A left and B right; without, all of it.
        geometry: The size rule.
        said: The description for the user.
        fixed: Only the files can change, the recipe cannot.
        notes: What else is told: what was passed over and why, odd names; a clause each.
        large: They are read in parts, and may be larger than what is opened else.
    """

    names: tuple[str, ...]
    files: Mapping[str, tuple[Path, ...]]
    kinds: Mapping[str, Mode | Ids]
    halves: Mapping[str, Side] = field(default_factory=dict)
    geometry: Geometry = field(default_factory=Geometry)
    said: str = ""
    fixed: bool = False
    notes: tuple[str, ...] = ()
    large: bool = False

    def __len__(self) -> int:
        return len(self.names)

    def survey(self) -> Survey:
        """What the headers say: read once, and judged by the size rule."""
        return self._once(f"survey by {self.geometry!r}", self._survey)

    def _survey(self) -> Survey:
        found: list[DataError | str] = []
        sizes: dict[tuple[int, int], str] = {}
        modes: dict[str, str] = {}
        sound: dict[tuple[int, int], tuple[int, int]] = {}  # of a file -> in training
        ids = self._ids
        for index, heads in enumerate(self.all_heads()):
            if heads.wrong:
                found += heads.wrong
                continue
            for name in self.files:
                if name in ids:
                    continue  # ids are the same numbers in any mode
                mode = sort(heads.headers[self._file(name, index)], self.kinds[name])
                if modes.setdefault(name, mode) != mode:
                    found.append(
                        f"{self.files[name][index]} is {mode}, but the files before it are "
                        f"{modes[name]}; convert one kind"
                    )
            first, head = next(iter(heads.headers.items()))
            height, width = head.height, head.width
            width = width // 2 if self.halves else width
            if (height, width) not in sound:
                try:
                    steps = self.geometry.steps(height, width, str(first.path), training=True)
                except DataError as problem:
                    found.append(problem)
                    continue
                sound[height, width] = steps.crop or steps.resize
            sizes.setdefault(sound[height, width], str(first.path))
        return Survey(tuple(group_faults(found)), sizes)

    def decode(self) -> Decoded:
        """What the pixels say of files whose headers are sound: all are decoded, once."""
        return self._once("pixels", self._decode)

    def _decode(self) -> Decoded:
        facts = PixelFacts(self.kinds)
        with progress(len(self), "decoding") as advance:
            for pixels, _ in self._looked_at(self.all_heads()):
                facts.add(pixels)
                advance()
        return facts.decoded()

    def _looked_at(self, every: Sequence[Heads]) -> Iterator[tuple[Pixels, dict[File, Array]]]:
        """What the pixels of each sample say, and its files as they are stored; some samples are
        decoded ahead, since decoders let other threads work.

        Args:
            every: The headers of all samples.
        """
        ahead: deque[Future[tuple[Pixels, dict[File, Array]]]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            for index, heads in enumerate(every):
                ahead.append(pool.submit(self._pixels, index, heads))
                if len(ahead) > THREADS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

    def _pixels(self, index: int, heads: Heads) -> tuple[Pixels, dict[File, Array]]:
        """What is wrong with the pixels of a sample, the ids of its label maps, and what lies
        beyond ranges; and its sound files as they are stored.
        """
        made = Pixels([], {}, {})
        whole: dict[File, Array] = {}
        for file, wanted in self._wanted(index).items():
            if file not in heads.headers:
                continue  # the survey says it
            try:
                whole[file] = pictures.read(file.path, wanted)
            except DataError as problem:
                made.wrong.append(problem)
        for name, kind in self.kinds.items():
            file = self._file(name, index)
            if file in whole:
                made.add(name, file.path, self._half(name, whole[file]), kind, self.fixed)
        return made, whole

    def first_headers(self) -> dict[str, Header]:
        """Map of pictures -> the header of its first file.

        Raises:
            DataError: the file is not what the recipe says.
        """
        return self._once("first headers", self._first)

    def _first(self) -> dict[str, Header]:
        wanted = self._wanted(0) if len(self) else {}
        pictured = [name for name in self.files if name not in self._ids] if wanted else []
        files = {name: self._file(name, 0) for name in pictured}
        return {name: pictures.header(file.path, wanted[file]) for name, file in files.items()}

    def all_heads(self) -> list[Heads]:
        """The headers of all samples, which no size rule changes."""
        return self._once("headers", self._look)

    def resized(self) -> list[tuple[int, int] | None]:
        """(height, width) of each sample in training before the crop; None where it is at fault."""
        found: list[tuple[int, int] | None] = []
        for heads in self.all_heads():
            first = next(iter(heads.headers.items()), None)
            if heads.wrong or first is None:
                found.append(None)
                continue
            file, head = first
            height, width = head.height, head.width // 2 if self.halves else head.width
            try:
                steps = self.geometry.steps(height, width, str(file.path), training=True)
                found.append(steps.resize)
            except DataError:  # said when it is read
                found.append(None)
        return found

    def _once(self, what: str, make: Callable[[], T]) -> T:
        """What is made of these files, once while the data stands still. Who they are is the list
        of their names, which is kept with it: another list may not take its place in memory.
        """
        _, made = remembered(f"{what} of {id(self.names)}", lambda: (self.names, make()))
        return made

    def _look(self) -> list[Heads]:
        found: list[Heads] = []
        starts = range(0, len(self), AT_ONCE)
        with ThreadPoolExecutor(THREADS) as pool, progress(len(self), "reading headers") as advance:
            for several in pool.map(self._heads, starts):  # a slow disk answers threads at once
                for heads in several:
                    found.append(heads)
                    advance()
        return found

    def _heads(self, start: int) -> list[Heads]:
        return [self._heads_of(n) for n in range(start, min(start + AT_ONCE, len(self)))]

    def _heads_of(self, index: int) -> Heads:
        headers: dict[File, Header] = {}
        wrong: list[DataError] = []
        for file, wanted in self._wanted(index).items():
            try:
                headers[file] = pictures.header(file.path, wanted)
            except DataError as problem:
                wrong.append(problem)
        if not wrong:
            try:
                self._one_size(index, {f: (h.height, h.width) for f, h in headers.items()})
            except DataError as problem:
                wrong.append(problem)
        return Heads(headers, wrong)

    @property
    def _ids(self) -> frozenset[str]:
        return frozenset(name for name, kind in self.kinds.items() if isinstance(kind, Ids))

    def _file(self, name: str, index: int) -> File:
        return File.of(self.files[name][index], self.kinds[name])

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
                self.large,
            )
            for file, of_file in kinds.items()
        }

    def _one_size(self, index: int, found: Mapping[File, tuple[int, int]]) -> None:
        """Refuse a sample whose maps differ in (height, width)."""
        (first, (height, width)), *others = found.items()
        if self.halves and width % 2:
            raise DataError(
                f"{first.path} is {width} wide, which makes halves of {width // 2} and "
                f"{width - width // 2}: two sizes in a pair; make the width even"
            )
        for file, other in others:
            if other != (height, width):
                name = next(name for name in self.files if self._file(name, index) == file)
                nearest = ", ids by nearest" if self._ids else ""
                raise DataError(
                    f"{first.path} is {height}x{width} (height x width), but its "
                    f"{WORDS.get(name, 'partner')} {file.path} is {other[0]}x{other[1]}; "
                    f"make the two sizes equal{nearest}"
                )

    def _half(self, name: str, pixels: Array) -> Array:
        if name not in self.halves:
            return pixels
        middle = pixels.shape[1] // 2
        return pixels[:, :middle] if self.halves[name] == "A" else pixels[:, middle:]
