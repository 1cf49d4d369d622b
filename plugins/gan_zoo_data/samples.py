"""Samples in files: the Dataset that every layout ends in, and what all layouts do with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from gan_zoo.components import DataError, Glance, Sample
from gan_zoo_data.cache_specs import Where
from gan_zoo_data.files import pictures, ranges
from gan_zoo_data.files.ids import Array, Ids
from gan_zoo_data.files.looks import File, seen
from gan_zoo_data.maps.geometry import Geometry
from gan_zoo_data.maps.map_cache import MapCache
from gan_zoo_data.modes import reading_of
from gan_zoo_data.pixel_facts import PixelFacts
from gan_zoo_data.surveys import Surveyed
from gan_zoo_data.windows import FileWindows, Part, as_tensor


@dataclass(frozen=True)
class Samples(Surveyed):
    """The samples of a split, or inputs to translate.

    Args:
        cache: Where maps are kept from one pass of training to the next.
    """

    cache: MapCache | None = None

    def describe(self) -> str:
        """What was found, where, in which layout, the size rule, and what is kept."""
        kept = self.cache.describe() if self.cache else ""
        return "; ".join(filter(None, (self.said, *self.notes, self.geometry.describe(), kept)))

    def kept(self, where: Where, bound: str) -> Samples:
        """The same samples, whose maps are kept from one pass of training to the next.

        Raises:
            DataError: there is no place for that.
        """
        resized = self.geometry.size or self.geometry.load
        sizes = [resized] * len(self) if resized else self.resized()
        files = [list(map(str, of)) for of in self.files.values()]
        rule = (self.geometry.size, self.geometry.load, self.geometry.scale_width)
        made = (rule, self.geometry.aspect, self.geometry.resampler, dict(self.halves), files)
        return replace(self, cache=MapCache(where, bound, repr(made), self.kinds, sizes))

    def identity(self) -> Iterator[tuple[str, int]]:
        """Every sample's name, and the bytes of its files, with a digest of what a file for all of
        them says of it.
        """
        sizes = self._once("bytes", lambda: list(map(self._bytes, range(len(self)))))
        return zip(self.names, sizes, strict=True)

    def glances(self) -> Iterator[Glance]:
        """Every sample's name and files, and what its headers say is wrong."""
        for index, heads in enumerate(self.all_heads()):
            files = tuple(dict.fromkeys(str(file.path) for file in self._wanted(index)))
            yield Glance(self.names[index], files, "\n".join(map(str, heads.wrong)))

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """One sample; the maps share one draw.

        Raises:
            DataError: names the file that cannot be read or is not what the recipe says.
        """
        if draw is None:
            return self._sample(index, self._fitted(index, training=False))
        return self._sample(index, self._rule.vary(self._kept_or_fitted(index), draw))

    def _sample(self, index: int, maps: Mapping[str, Array]) -> Sample:
        files = tuple(dict.fromkeys(str(of[index]) for of in self.files.values()))
        tensors = {name: as_tensor(pixels) for name, pixels in maps.items()}  # C H W
        return Sample(self.names[index], files, tensors)

    def read_all(self) -> Iterator[Sample | DataError]:
        """Every sample as `read` gives it without a draw, or what is wrong with it. What the pixels
        say is kept while the data stands still, so that `decode` reads no file again.
        """
        facts = PixelFacts(self.kinds)
        every = self.all_heads()
        looked_at = zip(every, self._looked_at(every), strict=True)
        for index, (heads, (pixels, whole)) in enumerate(looked_at):
            facts.add(pixels)
            wrong = [*heads.wrong, *pixels.wrong]
            try:
                yield wrong[0] if wrong else self._sample(index, self._seen(index, whole))
            except DataError as problem:
                yield problem
        self._once("pixels", facts.decoded)

    def unshown(self, index: int, maps: Sequence[str]) -> Array | None:
        """Which pixels of the pictures among some maps of a sample show nothing in every band,
        bools `H W` at the size of the files; None where no mode declares a number for that.

        Raises:
            DataError: as `read`.
        """
        found: Array | None = None
        for name in maps:
            kind = self.kinds[name]
            nodata = None if isinstance(kind, Ids) else reading_of(kind).missing
            if nodata is None:
                continue
            file = self._file(name, index)
            stored = pictures.read(file.path, self._wanted(index)[file])
            own = ranges.unshown(self._half(name, stored), nodata)
            found = own if found is None else found | own
        return found

    def for_windows(self) -> Samples:
        """The same samples, where no TIFF is refused for its number of pixels: parts are read."""
        return replace(self, large=True)

    def windows(self, index: int, maps: Sequence[str]) -> FileWindows:
        """Some maps of a sample, at the size of their files, to be read piece by piece.

        Raises:
            DataError: a file is not what the recipe says.
        """
        parts = {
            name: Part(self._file(name, index), self.kinds[name], int(self.halves.get(name) == "B"))
            for name in maps
        }
        wanted = self._wanted(index)
        return FileWindows(parts, wanted, halved=bool(self.halves), fixed=self.fixed)

    def _kept_or_fitted(self, index: int) -> dict[str, Array]:
        """The maps of a sample in training, before anything is drawn."""
        if self.cache is None:
            return self._fitted(index, training=True)
        stamp = self._stamp(index)
        maps = self.cache.read(index, stamp)
        if maps is None:
            maps = self._fitted(index, training=True)
            self.cache.write(index, stamp, maps)
        return maps

    def _fitted(self, index: int, *, training: bool) -> dict[str, Array]:
        """The maps of a sample as its files hold them, resized."""
        wanted = self._wanted(index)
        whole = {file: pictures.read(file.path, want) for file, want in wanted.items()}
        self._one_size(index, {file: pixels.shape[:2] for file, pixels in whole.items()})
        return self._seen(index, whole, training=training)

    def _seen(
        self, index: int, whole: Mapping[File, Array], *, training: bool = False
    ) -> dict[str, Array]:
        """The maps of a sample from its files as they are stored."""
        maps = {
            name: seen(file.path, self._half(name, whole[file]), self.kinds[name], self.fixed)
            for name in self.files
            for file in [self._file(name, index)]
        }
        return self._rule.fit(maps, str(next(iter(whole)).path), training=training)

    @property
    def _rule(self) -> Geometry:
        """The size rule and the augmentation, with what they must know of the maps."""
        alpha = {name for name, kind in self.kinds.items() if getattr(kind, "mode", kind) == "rgba"}
        augment = replace(self.geometry.augment, alpha=frozenset(alpha))
        return replace(self.geometry, ids=self._ids, augment=augment)

    def _stamp(self, index: int) -> bytes:
        """What changes when a file of a sample does.

        Raises:
            DataError: one is gone.
        """
        try:
            found = [of[index].stat() for of in self.files.values()]
        except OSError as problem:
            raise DataError(f"{problem.filename} cannot be read ({problem.strerror})") from problem
        told = repr([(one.st_size, one.st_mtime_ns) for one in found])
        return blake2b(told.encode(), digest_size=16).digest()

    def _bytes(self, index: int) -> int:
        told = [
            kind.segments.digest(self.files[name][index])
            for name, kind in self.kinds.items()
            if isinstance(kind, Ids) and kind.segments and name in self.files
        ]
        files = {of[index] for of in self.files.values()}
        return sum(path.stat().st_size for path in files) + sum(told)
