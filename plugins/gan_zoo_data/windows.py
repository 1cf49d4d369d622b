"""A sample of files that is read piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from gan_zoo_data.files import pictures, ranges, tiffs
from gan_zoo_data.files.ids import Array, Ids
from gan_zoo_data.files.looks import File, seen
from gan_zoo_data.files.pictures import Wanted
from gan_zoo_data.files.tiff_windows import TiffWindows
from gan_zoo_data.modes import reading_of

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode


class Reader(Protocol):
    """A file whose parts are read as they are stored."""

    def read(self, top: int, left: int, height: int, width: int) -> Array:
        """A part, `H W C`; of ids `H W`, or their colors `H W C`."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Held:
    """A file that can only be read whole, and is held once a part of it was asked for.

    Args:
        path: The file.
        wanted: What it should be.

    Attributes:
        bytes: That are held of it then.

    Raises:
        DataError: it has more pixels than are read at once.
    """

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.path, self.wanted = path, wanted._replace(large=False)
        head = pictures.header(path, self.wanted)
        number = np.dtype(head.dtype or "uint8").itemsize
        self.bytes = head.height * head.width * head.channels * number
        self._pixels: Array | None = None

    def read(self, top: int, left: int, height: int, width: int) -> Array:
        """A part of what was read."""
        if self._pixels is None:
            self._pixels = pictures.read(self.path, self.wanted)
        return self._pixels[top : top + height, left : left + width]

    def close(self) -> None:
        """Forget it."""
        self._pixels = None


class Ids2D:
    """A TIFF of ids, whose one band is taken.

    Args:
        inside: The file.
    """

    def __init__(self, inside: TiffWindows) -> None:
        self.inside = inside

    def read(self, top: int, left: int, height: int, width: int) -> Array:
        """A part, `H W`."""
        return self.inside.read(top, left, height, width)[..., 0]

    def close(self) -> None:
        """Let go of the file."""
        self.inside.close()


@dataclass(frozen=True)
class Part:
    """A map of the sample.

    Args:
        file: That holds it.
        kind: Its mode, or what its ids may be.
        left: Where it begins in the file; not 0 of a right half.
    """

    file: File
    kind: Mode | Ids
    left: int = 0


class FileWindows:
    """The maps of a sample, to be read piece by piece. TIFF of numbers as networks take them is
    read in parts; all else, as PNG and JPEG, is held.

    Args:
        parts: The maps.
        wanted: File -> what it should be.
        halved: Maps are halves of files.
        fixed: Only the files can change.

    Raises:
        DataError: a file is not what the recipe says.
    """

    def __init__(
        self,
        parts: Mapping[str, Part],
        wanted: Mapping[File, Wanted],
        *,
        halved: bool = False,
        fixed: bool = False,
    ) -> None:
        self.fixed, self.halved = fixed, halved
        self.files = tuple(dict.fromkeys(str(part.file.path) for part in parts.values()))
        self.held = 0
        self._readers: dict[File, Reader] = {}
        self.size = (0, 0)
        try:
            for file in dict.fromkeys(part.file for part in parts.values()):
                head = pictures.header(file.path, wanted[file])
                self.size = (head.height, head.width // 2 if halved else head.width)
                self._readers[file] = reader = self._open(file, wanted[file])
                if isinstance(reader, Held):
                    self.held += reader.bytes
        except BaseException:
            self.close()
            raise
        self.parts = {
            name: Part(part.file, part.kind, self.size[1] if part.left else 0)
            for name, part in parts.items()
        }

    @property
    def identity(self) -> str:
        """Which map is which file, and which half of it."""
        told = [f"{name}: {part.file.path}, {part.left}" for name, part in self.parts.items()]
        return "; ".join([*told, f"halved: {self.halved}"])

    def _open(self, file: File, wanted: Wanted) -> Reader:
        tags = None if file.by_color else tiffs.read_tags(file.path)
        parts = TiffWindows.of(file.path, tags) if tags else None
        if parts is None or (file.ids and tags and tags.bands != 1):
            return Held(file.path, wanted)
        return Ids2D(parts) if file.ids else parts

    def close(self) -> None:
        """Let go of the files."""
        for reader in self._readers.values():
            reader.close()

    def read(self, top: int, left: int, height: int, width: int) -> dict[str, Tensor]:
        """A part of every map, `C H W`.

        Raises:
            DataError: names the file.
        """
        return {
            name: as_tensor(
                seen(
                    part.file.path,
                    self._stored(part, top, left, height, width),
                    part.kind,
                    self.fixed,
                )
            )
            for name, part in self.parts.items()
        }

    def unshown(self, top: int, left: int, height: int, width: int) -> Array | None:
        """Which pixels of a part show nothing in every band, bools `H W`; None where no mode
        declares a number for that.
        """
        found: Array | None = None
        for part in self.parts.values():
            nodata = None if isinstance(part.kind, Ids) else reading_of(part.kind).missing
            if nodata is None:
                continue
            own = ranges.unshown(self._stored(part, top, left, height, width), nodata)
            found = own if found is None else found | own
        return found

    def _stored(self, part: Part, top: int, left: int, height: int, width: int) -> Array:
        return self._readers[part.file].read(top, part.left + left, height, width)


def as_tensor(pixels: Array) -> Tensor:
    """`H W C` or `H W` -> `C H W`, in memory of its own."""
    channels_first = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return torch.from_numpy(channels_first.copy())
