"""Maps as they are before anything is drawn, kept from one pass to the next.

One file holds a slot for every sample that fits, so that nobody has to agree with anybody on what
is kept: which samples they are, and where each lies, follows from the sizes alone. Workers and
other runs map the same file. A slot counts when its record says so, which is written after it.
"""

from __future__ import annotations

import os
import tempfile
import weakref
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan_zoo.components import DataError, cache_folder
from gan_zoo_data.cache_specs import Where, count_bytes
from gan_zoo_data.files.ids import Array, Ids
from gan_zoo_data.modes import channels_of

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

VERSION = 1  # of what is in a file
RECORD = np.dtype([("stamp", "V16"), ("floats", "<u4"), ("sum", "<u4")])
ENDING = ".maps"


@dataclass(frozen=True)
class Stored:
    """How a map lies in a slot.

    Args:
        channels: Of a picture; 0 of ids.
        bytes: A pixel and channel, at most.
        ids: The type of ids; empty of a picture, which is uint8 or float32.
    """

    channels: int
    bytes: int
    ids: str = ""

    @classmethod
    def of(cls, kind: Mode | Ids) -> Stored:
        """The smallest way that holds every file of a kind."""
        if not isinstance(kind, Ids):
            return cls(channels_of(kind), 4 if getattr(kind, "range", None) else 1)
        highest = max((kind.classes or 2**31) - 1, *kind.ignore, 0)
        name = next((n for n in ("uint8", "uint16") if highest <= np.iinfo(n).max), "int32")
        return cls(0, np.dtype(name).itemsize, name)

    def size(self, height: int, width: int) -> int:
        """Bytes of a map of this size."""
        return height * width * max(1, self.channels) * self.bytes


class MapCache:
    """The maps of samples, in one file.

    Args:
        where: In memory, which ends with the process, or in a file of the user's cache.
        bound: How much at most, as 4GB; on disk of all such files together.
        names: What tells the samples apart from others, with the rule that made their maps.
        kinds: Map -> mode of its files, or what their ids may be.
        sizes: Height and width of each sample; None where it is not known.

    Raises:
        DataError: the folder cannot be written.
    """

    def __init__(
        self,
        where: Where,
        bound: str,
        names: Sequence[str],
        kinds: Mapping[str, Mode | Ids],
        sizes: Sequence[tuple[int, int] | None],
    ) -> None:
        self.where, self.bound, self.sizes = where, bound, sizes
        self.stored = {name: Stored.of(kind) for name, kind in kinds.items()}
        wanted = [
            sum(stored.size(*size) for stored in self.stored.values()) if size else 0
            for size in sizes
        ]
        table = len(sizes) * RECORD.itemsize
        ends = list(accumulate(wanted, initial=table))
        most = count_bytes(bound)
        self.count = sum(end <= most for end in ends[1:])  # the first ones
        self.offsets, size = ends[: self.count], ends[self.count]
        if where == "disk":
            said = repr((VERSION, names, [(n, repr(k)) for n, k in kinds.items()], wanted))
            self._made = blake2b(said.encode(), digest_size=16).hexdigest(), size, most
            self.path = _on_disk(*self._made)
        else:
            self.path, self._owner = _in_memory(size)
        self._open: tuple[Any, Array] | None = None
        self._sound: set[int] = set()  # of which this process has seen the sum

    def __getstate__(self) -> dict[str, Any]:
        """Another process opens the file itself."""
        state = {**self.__dict__, "_open": None, "_sound": set()}
        state.pop("_owner", None)
        return state

    def describe(self) -> str:
        """How many of how many are kept, and where."""
        place = "memory" if self.where == "memory" else str(self.path.parent)
        fit = f"{self.count} of {len(self.sizes)}"
        return f"kept in {place} once they were read: {fit} fit in {self.bound}"

    def read(self, index: int, stamp: bytes) -> dict[str, Array] | None:
        """The maps of a sample, which must not be written to; None where they are not there.

        Args:
            index: Of the sample.
            stamp: Of its files, 16 bytes: what was made of others does not count.
        """
        if index >= self.count or not self.sizes[index]:
            return None
        _, mapped = self._opened()
        record = self._record(mapped, index)
        if record["stamp"].tobytes() != stamp:
            return None
        maps = {
            name: mapped[start : start + size].view(dtype).reshape(shape)
            for name, start, size, dtype, shape in self._slots(index, int(record["floats"]))
        }
        if index not in self._sound:
            if _sum(maps.values()) != record["sum"]:
                return None
            self._sound.add(index)
        return {
            name: pixels if self.stored[name].channels else pixels.astype(np.int32)
            for name, pixels in maps.items()
        }

    def write(self, index: int, stamp: bytes, maps: Mapping[str, Array]) -> None:
        """Keep the maps of a sample, if they are among those that fit.

        Raises:
            DataError: the disk is full.
        """
        if index >= self.count or not self.sizes[index]:
            return
        floats = sum(1 << n for n, name in enumerate(self.stored) if maps[name].dtype.kind == "f")
        slots = list(self._slots(index, floats))
        if any(maps[name].shape != shape for name, _, _, _, shape in slots):
            return  # another size than the file had when it was looked at
        kept = {n: np.ascontiguousarray(maps[n], dtype) for n, _, _, dtype, _ in slots}
        record = np.zeros((), RECORD)
        record["stamp"], record["floats"] = np.void(stamp), floats
        record["sum"] = _sum(kept.values())
        file, _ = self._opened()
        try:
            for name, start, _, _, _ in slots:
                _write_at(file, start, kept[name])
            _write_at(file, index * RECORD.itemsize, record)
        except OSError as problem:
            raise DataError(
                f"{self.path} cannot be written ({problem.strerror or problem}); make room, or say "
                "a smaller `cache_size`, or `cache: none` in the data"
            ) from problem
        self._sound.discard(index)

    def _slots(
        self, index: int, floats: int
    ) -> Iterator[tuple[str, int, int, np.dtype[Any], tuple[int, ...]]]:
        """Name, start, bytes, type and shape of each map of a sample."""
        start, size = self.offsets[index], self.sizes[index]
        assert size
        for number, (name, stored) in enumerate(self.stored.items()):
            real = np.dtype("float32" if floats >> number & 1 else "uint8")
            dtype = np.dtype(stored.ids) if stored.ids else real
            shape = (*size, stored.channels) if stored.channels else size
            yield name, start, int(np.prod(shape)) * dtype.itemsize, dtype, shape
            start += stored.size(*size)

    def _record(self, mapped: Array, index: int) -> Any:
        at = index * RECORD.itemsize
        return mapped[at : at + RECORD.itemsize].view(RECORD)[0]

    def _opened(self) -> tuple[Any, Array]:
        """The file as this process has it: to write, and mapped."""
        if self._open is None:
            if self.where == "disk":
                _on_disk(*self._made)  # another run may have made room for its own
            file = self.path.open("r+b", buffering=0)
            weakref.finalize(self, file.close)
            self._open = file, np.memmap(file, np.uint8, "r").view(np.ndarray)
        return self._open


def _sum(maps: Any) -> int:
    total = 0
    for pixels in maps:
        total = zlib.crc32(pixels, total)
    return total


def _write_at(file: Any, place: int, content: Array) -> None:
    """Without a position, which processes may share."""
    left = memoryview(content.tobytes())
    while left:
        if hasattr(os, "pwrite"):
            done = os.pwrite(file.fileno(), left, place)
        else:
            file.seek(place)
            done = file.write(left)
        left, place = left[done:], place + done


def _on_disk(name: str, size: int, bound: int) -> Path:
    """The file of that name and size; older ones go where all together are too large."""
    folder = cache_folder() / "maps"
    path = folder / f"{name}{ENDING}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(
            (other.stat().st_mtime, other.stat().st_size, other)
            for other in folder.glob(f"*{ENDING}")
            if other != path
        )
        total = size + sum(bytes for _, bytes, _ in others)
        for _, bytes, other in others:
            if total <= bound:
                break
            other.unlink(missing_ok=True)
            total -= bytes
        with path.open("ab") as file:
            file.truncate(size)  # a hole, filled slot by slot
        os.utime(path)
    except OSError as problem:
        raise DataError(
            f"{folder} cannot be written ({problem.strerror or problem}); name another folder in "
            "GAN_ZOO_CACHE, or say `cache: none` in the data"
        ) from problem
    return path


def _in_memory(size: int) -> tuple[Path, object]:
    """A file that ends with the object beside it: in memory alone where the system has such."""
    owner = _Owner()
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("gan-zoo-maps")
        weakref.finalize(owner, os.close, handle)
        path = Path(f"/proc/{os.getpid()}/fd/{handle}")
    else:
        handle, name = tempfile.mkstemp(ENDING, "gan-zoo-")
        os.close(handle)
        path = Path(name)
        weakref.finalize(owner, _remove, path, os.getpid())
    with path.open("r+b") as file:
        file.truncate(size)
    return path, owner


class _Owner:
    """Who keeps a file of memory."""


def _remove(path: Path, maker: int) -> None:
    """By who made it: a worker that ends leaves it to the others."""
    if os.getpid() == maker:
        path.unlink(missing_ok=True)
