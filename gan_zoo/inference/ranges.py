"""What the numbers of a caller's picture mean, and those of an answer: a range of theirs is [-1, 1]
to networks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.components.shapes import Values
from gan_zoo.errors import UserError

Range = tuple[float, float]
NETWORK: Range = (-1.0, 1.0)  # as networks see pictures
ROUNDING = 2**-23  # of a number in float32, which may lie so far beyond its range


def read_range(said: Any) -> Range | None:
    """What a caller says of the numbers of pictures: (low, high), or None.

    Raises:
        UserError: it is no range.
    """
    if said is None:
        return None
    try:
        low, high = map(float, said)
    except (TypeError, ValueError):
        low = high = 0.0
    if not -np.inf < low < high < np.inf:
        raise UserError(f"range: {said!r} came; two numbers, low and high, were expected: (0, 1)")
    return low, high


def to_network(name: str, picture: Tensor, values: Values, said: Range | None) -> Tensor:
    """A picture as a caller has it -> uint8 of 0 to 255, or floats in [-1, 1].

    Args:
        name: The map's, for messages.
        picture: Numbers of any type.
        values: What the files of this map hold.
        said: The range that the caller says.

    Raises:
        UserError: the numbers are not in that range, or nothing says what they mean.
    """
    if values.plain and picture.dtype == torch.uint8:
        return picture if values.nodata is None else picture.masked_fill(_none(picture, values), 0)
    if picture.is_complex() or picture.dtype == torch.bool:
        raise UserError(f"{name}: {picture.dtype} came; uint8 or floats are expected")
    if said is None and not values.plain:
        return _own_numbers(name, picture.detach(), values)
    if said is None:
        _refuse_doubtful(name, picture)
    low, high = said or NETWORK
    if not picture.is_floating_point():
        picture = picture.double()
    least, most = (float(x) for x in torch.aminmax(picture.detach()))
    slack = 0.0 if (low, high) == NETWORK else ROUNDING * max(abs(low), abs(high))
    if not low - slack <= least <= most <= high + slack:  # also where one is not a number
        cure = "clip them, or say the range that they have"
        raise UserError(
            f"{name}: floats from {least:.4g} to {most:.4g} came, [{low:g}, {high:g}] is expected; "
            + (cure if said else "for 8-bit values: x / 127.5 - 1, or range=(0, 255)")
        )
    return picture.detach() if (low, high) == NETWORK else _scaled(picture.detach(), low, high)


def _own_numbers(name: str, picture: Tensor, values: Values) -> Tensor:
    """The numbers of a map's files, as files are read: clipped, and without data as -1.

    Raises:
        UserError: they are none of these.
    """
    if picture.dtype == torch.uint8 and values.dtype != "uint8":
        raise UserError(
            f"{name}: uint8 came, but its files hold {values.dtype} of {values}; give these, or "
            "say what 8 bits mean: range=(0, 255)"
        )
    wide = picture.double()
    if values.nodata is not None:
        wide = wide.masked_fill(_none(wide, values), values.low)
    least, most = (float(x) for x in torch.aminmax(wide))
    far = values.low if values.high > 1 else values.low - (values.high - values.low) / 2
    scaled = picture.is_floating_point() and least < far and -1 <= least <= most <= 1
    if scaled or not least <= most:
        raise UserError(
            f"{name}: floats from {least:.4g} to {most:.4g} came, but its files hold {values}; "
            "give these, or say what the numbers mean: range=(-1, 1), if it is scaled already"
        )
    if least > values.high or most < values.low:
        raise UserError(
            f"{name}: {least:.4g} to {most:.4g} came, and all of it lies beyond {values}, which "
            "its files hold; range=(low, high) says what other numbers mean"
        )
    return _scaled(wide, values.low, values.high)


def _none(numbers: Tensor, values: Values) -> Tensor:
    """Which of them show nothing: the number that says so, as a recipe or as a file writes it."""
    said = values.nodata
    assert said is not None
    if said != said:
        return numbers.isnan()
    stored = float(np.dtype(values.dtype).type(said)) if values.dtype.startswith("float") else said
    return (numbers == said) | (numbers == stored)


def _scaled(numbers: Tensor, low: float, high: float) -> Tensor:
    """Numbers -> float32 in [-1, 1], clipped."""
    return ((numbers.double().clamp(low, high) - low) / (high - low) * 2 - 1).float()


def _unscaled(made: Tensor, low: float, high: float) -> Tensor:
    return low + (made.double() + 1) / 2 * (high - low)


def from_network(made: Tensor, to: Range) -> Tensor:
    """Floats in [-1, 1] -> floats of another range."""
    return made if to == NETWORK else _unscaled(made, *to).float()


def in_file_numbers(made: Tensor, values: Values) -> Tensor:
    """Floats in [-1, 1] -> the numbers that the files of a map hold: rounded and clipped to their
    range where they are whole. In numpy's words, since torch lacks some of them: `C H W`.
    """
    dtype = np.dtype(values.dtype)
    numbers = _unscaled(made, values.low, values.high)
    if dtype.kind in "iu":
        most = np.iinfo(dtype)
        low, high = max(values.low, most.min), min(values.high, most.max)
        numbers = numbers.round().clamp(low, high)
    return numbers


def _refuse_doubtful(name: str, picture: Tensor) -> None:
    """Refuse numbers that may mean two things."""
    if not picture.is_floating_point():
        raise UserError(
            f"{name}: {picture.dtype} came; uint8, or floats in [-1, 1], is expected; "
            "range=(low, high) says what other numbers mean"
        )
    least, most = (float(x) for x in torch.aminmax(picture.detach()))
    if least >= 0 and 0 < most <= 1:
        raise UserError(
            f"{name}: floats from {least:.4g} to {most:.4g} came and none is negative, but [-1, 1] "
            "is expected. Say what they mean: range=(0, 1), as torchvision, matplotlib and "
            "scikit-image give them, or range=(-1, 1) if the picture is that bright"
        )
