"""Static shapes, and what numbers mean: what is known of a picture before a tensor exists. No torch
here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from gan_zoo.errors import ContractError


@dataclass(frozen=True)
class Image:
    """Channels and size of a B C H W tensor; a side that only the data knows is None.

    Args:
        channels: How many.
        height: In pixels.
        width: In pixels.
        classes: Where it holds ids of classes instead of colors: 0 to less than this.
        instances: Where it holds ids of instances, any numbers from 0: how many of them one
            picture may have.
    """

    channels: int
    height: int | None = None
    width: int | None = None
    classes: int | None = None
    instances: int | None = None

    @property
    def ids(self) -> bool:
        """Whether it holds ids, which are never mixed; colors if not."""
        return self.classes is not None or self.instances is not None

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) where both are known."""
        if self.height is None or self.width is None:
            return None
        return self.height, self.width

    def with_channels(self, channels: int) -> Image:
        """A picture of the same size with other channels; ids are left behind."""
        return replace(self, channels=channels, classes=None, instances=None)

    def resized(self, height: int | None, width: int | None) -> Image:
        """The same channels at another size."""
        return replace(self, height=height, width=width)

    def __str__(self) -> str:
        sides = "x".join("?" if side is None else str(side) for side in (self.height, self.width))
        return f"{self.channels} channels at {sides}"


@dataclass(frozen=True)
class Values:
    """What the numbers of a picture's files mean; networks see `low` as -1 and `high` as 1.

    Args:
        dtype: What a file of it holds: uint8, uint16, int16, float32, ...
        low: The number that is -1 to networks.
        high: The number that is 1.
        nodata: The number of pixels that show nothing; None where every pixel shows something.
        colors: What the channels are, where that is more than their number.
    """

    dtype: str = "uint8"
    low: float = 0.0
    high: float = 255.0
    nodata: float | None = None
    colors: Literal["", "grey", "rgb", "rgba", "cmyk"] = ""

    @property
    def plain(self) -> bool:
        """Whether it is an 8-bit picture of 0 to 255, which samples hold as uint8."""
        return (self.dtype, self.low, self.high) == ("uint8", 0.0, 255.0)

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}"


def convolved_side(
    side: int | None, *, kernel: int, stride: int = 1, padding: int = 0
) -> int | None:
    """The length of a side after a convolution; None stays None."""
    return None if side is None else (side + 2 * padding - kernel) // stride + 1


def receptive_field(layers: Iterable[tuple[int, int]]) -> int:
    """Pixels of the input that one output sees; layers are (kernel, stride), first layer first."""
    field = 1
    for kernel, stride in reversed(list(layers)):
        field = (field - 1) * stride + kernel
    return field


def count_halvings(side: int) -> int:
    """How often a side can be halved without remainder."""
    return (side & -side).bit_length() - 1


def require_halvings(given: Image, times: int, *, option: str, least: int = 1) -> None:
    """Refuse a picture that cannot be halved so often, and say what would fit.

    Args:
        given: What comes in; unknown sides pass.
        times: How often it is halved.
        option: The option that says so.
        least: The smallest value of the option.

    Raises:
        ContractError: with the nearest sizes that fit and the value of the option that would.
    """
    multiple = 2**times
    sides = {"height": given.height, "width": given.width}
    bad = {what: side for what, side in sides.items() if side is not None and side % multiple}
    if not bad:
        return
    what, side = next(iter(bad.items()))
    down, up = side // multiple * multiple, -(-side // multiple) * multiple
    cure = f"Use {what} {up}" if down == 0 else f"Use {what} {down} or {up}"
    fits = min(count_halvings(side) for side in bad.values())
    if fits >= least:
        cure += f", or {option} <= {fits}"
    raise ContractError(
        f"{option} {times} halves the picture {times} times, so its sides must be multiples of "
        f"{multiple}; the {what} is {side}. {cure}",
        option=option,
    )
