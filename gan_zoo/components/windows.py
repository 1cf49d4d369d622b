"""A sample that is read piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


class Windows(Protocol):
    """Some maps of a sample, to be read piece by piece.

    Attributes:
        size: (height, width).
        files: That it is read from.
        held: Bytes that are held of it in memory, where a file can only be read whole.
    """

    size: tuple[int, int]
    files: tuple[str, ...]
    held: int

    @property
    def identity(self) -> str:
        """What else than the files tells it from other pictures, as which part of them it is;
        empty where nothing else does. A job that was ended goes on with the same picture alone.
        """
        ...

    def read(self, top: int, left: int, height: int, width: int) -> Mapping[str, Tensor]:
        """A part of every map, `C H W`, as `Dataset.read` gives all of it.

        Raises:
            DataError: names the file that cannot be read or is not what the recipe says.
        """
        ...

    def unshown(self, top: int, left: int, height: int, width: int) -> np.ndarray | None:
        """Which pixels of a part show nothing in every band, bools `H W`; None where nothing says
        so.
        """
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...
