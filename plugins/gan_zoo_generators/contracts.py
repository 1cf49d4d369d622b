"""Words that generators share, and shapes that more than one refuses. No torch here."""

from __future__ import annotations

from typing import Literal

from gan_zoo.components import ContractError, Image, Norm, count_halvings

Padding = Literal["zero", "reflect", "replicate"]
Upsampling = Literal["transposed", "nearest", "bilinear", "pixel_shuffle"]
Activation = Literal["relu", "silu"]


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


def require_pyramid(given: Image, enhancers: int, multiple: int) -> None:
    """Refuse a picture that, halved by every enhancer, is no multiple of the coarse part's.

    Raises:
        ContractError: with the nearest sizes that fit.
    """
    step = multiple * 2**enhancers
    for what, side in (("height", given.height), ("width", given.width)):
        if side is not None and side % step:
            down, up = side // step * step, -(-side // step) * step
            raise ContractError(
                f"the coarse part takes multiples of {multiple} and enhancers {enhancers} doubles "
                f"that {enhancers} times, so sides must be multiples of {step}; the {what} is "
                f"{side}. Use {what} {f'{down} or ' if down else ''}{up}",
                option="enhancers",
            )


def enhancer_widths(channels: int, enhancers: int) -> list[int]:
    """Channels of every enhancer, the innermost first: half of those that it goes on from.

    Args:
        channels: Of the coarse part's features.
        enhancers: How many there are.

    Raises:
        ContractError: with what could be halved so often.
    """
    step = 2**enhancers
    if channels % step:
        fits = count_halvings(channels)
        down, up = channels // step * step, -(-channels // step) * step
        cure = f"Use a coarse part with {f'{down} or ' if down else ''}{up} (its width says so)"
        cure += f", or enhancers <= {fits}" if fits else ""
        raise ContractError(
            f"enhancer {fits + 1} would have {channels // 2**fits}/2 channels: each has half of "
            f"those before it, and the coarse part's features have {channels}. {cure}",
            option="enhancers",
        )
    return [channels // 2**n for n in range(1, enhancers + 1)]


def hidden_bias(norm: Norm) -> bool:
    """As published: instance norm only, though norm `none` would have use for a bias too. Group
    norm shifts by itself, as batch norm does.
    """
    return norm == "instance"
