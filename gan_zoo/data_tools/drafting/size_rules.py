"""Sizes of pictures on disk -> the size at which networks train on them, with the reason."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from statistics import median

from gan_zoo.errors import format_size

Sides = tuple[int, int]  # height, width

LONGEST = 512  # pictures up to this side are trained on whole, of larger ones parts
LEAST = 32  # the smallest side: below it discriminators run out of pixels
RAGGED = (256, 256)  # what pictures of all sizes are resized to
LITTLE = 1.3  # times that pictures become larger by the jitter and a multiple beside it
JITTER = 286 / 256  # how much is enlarged before the random crop (Isola et al. 2017, sec. 6.2)


@dataclass(frozen=True)
class SizeRule:
    """How pictures become training samples.

    Args:
        size: [height, width] of a sample.
        load: What pictures are resized to before the crop; None leaves them as they are.
        why: The reason of the size, one clause.
        why_load: The reason of `load`.
    """

    size: Sides
    load: Sides | None
    why: str
    why_load: str = ""


def plan_crop(sizes: Collection[Sides], multiple: int) -> SizeRule | None:
    """The size rule of data that are cropped.

    Translation works at a picture's own size, so training does too: on whole pictures where they
    are small and of one size, else on parts; never on pictures made much smaller.

    Args:
        sizes: All sizes (height, width) of the pictures, at least one.
        multiple: What the generator takes multiples of.

    Returns:
        None where the multiple is too coarse for these pictures.
    """
    smallest, told = _smallest(sizes), describe_sizes(sizes)
    if _are_alike(sizes) and max(smallest) <= LONGEST:
        crop = _both(_nearest(side, multiple) for side in smallest)
        if not all(map(_is_near, crop, smallest)):
            return None
        scale = JITTER * max(new / old for new, old in zip(crop, smallest, strict=True))
        load = _both(round(scale * side) for side in smallest)
        why = "a random part of that, the jitter as published"
        if crop != smallest:
            why += f"; {_rule_of(multiple)}"
        return SizeRule(crop, load, why, f"pictures are {told}: {_larger(load, sizes, multiple)}")
    if _is_ragged(sizes):
        if RAGGED[0] % multiple:
            return None
        load = _both(round(JITTER * side) for side in RAGGED)
        why = f"pictures are {told}, with no crop for all: resized, whatever their shape"
        return SizeRule(RAGGED, load, "a random part of that, the jitter as published", why)
    longest = LONGEST // multiple * multiple
    crop = _both(min(longest, side // multiple * multiple) for side in smallest)
    if not all(
        new >= LEAST and (new == longest or _is_near(new, old))
        for new, old in zip(crop, smallest, strict=True)
    ):
        return None
    why = f"pictures are {told}: random parts at full scale, for which all have room"
    return SizeRule(crop, None, why)


def plan_size(sizes: Collection[Sides], multiple: int, most: int) -> SizeRule | None:
    """The size of phases that say one.

    Args:
        sizes: All sizes (height, width) of the pictures, at least one.
        multiple: What its sides must be multiples of.
        most: The most pixels that it may have, as in the recipe that is followed.

    Returns:
        None where the multiple is too coarse for these pictures.
    """
    whole, told = _smallest(sizes), describe_sizes(sizes)
    if _is_ragged(sizes):
        whole = _both(round(median(column)) for column in zip(*set(sizes), strict=True))
    scale = min(1.0, math.sqrt(most / math.prod(whole)))
    wanted = _both(round(scale * side) for side in whole)
    size = _both(_nearest(side, multiple) for side in wanted)
    if not all(map(_is_near, size, wanted)):
        return None
    why = f"pictures are {told}"
    if scale < 1:
        why += ", made smaller to the pixels of its recipe"
    if size != wanted:
        much = _growth(size, sizes) > LITTLE
        why += f"; {_larger(size, sizes, multiple)}" if much else f"; {_rule_of(multiple)}"
    return SizeRule(size, None, why)


def has_aspect(sizes: Collection[Sides], size: Sides) -> bool:
    """Whether all have the aspect ratio of `size`, to the pixel that rounding leaves open."""
    high, wide = size
    return all(round(h * wide / w) == high or round(w * high / h) == wide for h, w in sizes)


def describe_sizes(sizes: Collection[Sides]) -> str:
    """All sizes, in words: height x width."""
    low, high = _smallest(sizes), _both(max(column) for column in zip(*sizes, strict=True))
    return format_size(low) if low == high else f"{format_size(low)} to {format_size(high)}"


def _are_alike(sizes: Collection[Sides]) -> bool:
    """Whether all are of one size, but for an eighth of a side at most."""
    return all(8 * max(column) <= 9 * min(column) for column in zip(*sizes, strict=True))


def _is_ragged(sizes: Collection[Sides]) -> bool:
    """Whether the smallest side is less than half of the usual one, or hardly a picture."""
    middle = [median(column) for column in zip(*set(sizes), strict=True)]
    small = _smallest(sizes)
    unlike = any(2 * side < usual for side, usual in zip(small, middle, strict=True))
    return unlike or min(small) < LEAST


def _nearest(side: int, multiple: int) -> int:
    """The multiple that is nearest to a side, and no less than the least."""
    least = -(-LEAST // multiple) * multiple
    return max(least, (2 * side + multiple) // (2 * multiple) * multiple)


def _is_near(new: int, old: int) -> bool:
    """Whether a side changes by an eighth at most; small ones may by some pixels, or grow."""
    return abs(new - old) <= max(old / 8, 8) or (old < new <= LEAST)


def _growth(size: Sides, sizes: Iterable[Sides]) -> float:
    """How many times a picture is enlarged at most."""
    return max(new / old for had in sizes for new, old in zip(size, had, strict=True))


def _larger(size: Sides, sizes: Iterable[Sides], multiple: int) -> str:
    """How much pictures are enlarged, in words."""
    times = _growth(size, sizes)
    if times <= LITTLE:
        return "a little larger"
    return f"enlarged {times:.1f} times, since {_rule_of(multiple)}, {LEAST} at least"


def _rule_of(multiple: int) -> str:
    return f"sides are multiples of {multiple}"


def _smallest(sizes: Collection[Sides]) -> Sides:
    return _both(min(column) for column in zip(*sizes, strict=True))


def _both(sides: Iterable[int]) -> Sides:
    height, width = sides
    return height, width
