"""Words that generators share, and shapes that more than one refuses. No torch here."""

from __future__ import annotations

from typing import Literal

from gan_zoo.errors import ContractError
from gan_zoo.shapes import Image

Padding = Literal["zero", "reflect", "replicate"]
Upsampling = Literal["transposed", "nearest", "bilinear", "pixel_shuffle"]


def require_mirror(given: Image, times: int, *, option: str, cure: str) -> None:
    """Refuse a picture of which, after its halvings, a side is one pixel: reflection has no
    neighbor to mirror there.

    Args:
        given: What comes in; unknown sides pass.
        times: How often it is halved.
        option: The option that says so.
        cure: What would do without a neighbor.

    Raises:
        ContractError: with the smallest side that fits.
    """
    least = 2 * 2**times
    for what, side in (("height", given.height), ("width", given.width)):
        if side is not None and side < least:
            raise ContractError(
                f"padding reflect mirrors neighbors, and {option} {times} leaves a single pixel of "
                f"{what} {side}. Use {what} {least} or more, or {cure}",
                option="padding",
            )


def require_statistics(given: Image, times: int, *, option: str) -> None:
    """Refuse a picture that is halved to a single pixel, which instance norm makes zero.

    Raises:
        ContractError: with the smallest sides that fit.
    """
    side = 2**times
    if given.size == (side, side):
        raise ContractError(
            f"norm instance makes a single pixel zero, and {option} {times} leaves no more of "
            f"{side}x{side}. Use {2 * side}x{2 * side} or more, or norm batch or group",
            option="norm",
        )
