"""Random choices for the themes. Only uniform numbers are drawn, whose stream numpy keeps."""

from __future__ import annotations

from collections.abc import Sequence
from colorsys import hsv_to_rgb
from typing import TypeVar

import numpy as np

from gan_zoo_data.scenes.graph import Color

Choice = TypeVar("Choice")


class Dice:
    """A stream of choices.

    Args:
        seeds: What the stream follows from.
    """

    def __init__(self, *seeds: int) -> None:
        self._stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seeds)))

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * float(self._stream.random())

    def count(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._stream.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True so often."""
        return bool(self._stream.random() < probability)

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        """Any of these, all alike."""
        return choices[self.count(0, len(choices) - 1)]

    def color(
        self,
        hue: tuple[float, float],
        saturation: tuple[float, float],
        value: tuple[float, float],
    ) -> Color:
        """A color of a family: ranges of hue (in turns), saturation and value."""
        parts = [self.between(*limits) for limits in (hue, saturation, value)]
        return hsv_to_rgb(parts[0] % 1, parts[1], parts[2])


def scale_color(color: Color, factor: float) -> Color:
    """A lighter or darker color."""
    return (color[0] * factor, color[1] * factor, color[2] * factor)


def mix(color: Color, other: Color, share: float) -> Color:
    """So much of the other color in the first."""
    red, green, blue = (a + (b - a) * share for a, b in zip(color, other, strict=True))
    return (red, green, blue)
