"""The maps of one batch, moved to the device one by one, as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from gan_zoo.engine.precision import Precision


class Received(Mapping[str, Tensor]):
    """Named maps `B C H W` on the device, as networks take them.

    Of several micro-batches only one is there at a time: the others wait where they were read.

    Args:
        maps: As they were read.
        precision: On which device, in which numbers.
    """

    def __init__(self, maps: Mapping[str, Tensor], precision: Precision) -> None:
        self._maps = maps
        self._precision = precision
        self._there: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._there:
            self._there[name] = self._precision.receive({name: self._maps[name]})[name]
        return self._there[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._maps)

    def __len__(self) -> int:
        return len(self._maps)

    @property
    def raw(self) -> Mapping[str, Tensor]:
        """The maps as they were read: pictures of 8 bits, ids."""
        return self._maps

    def forget(self) -> None:
        """Let go of what is on the device; it is moved there again where it is asked for again."""
        self._there.clear()
