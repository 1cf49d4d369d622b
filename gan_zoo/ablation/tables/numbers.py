"""Numbers with the digits that mean something."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable

MOST = 8  # decimals


def decimals(spreads: Iterable[float | None], *, digits: int = 2) -> int | None:
    """Decimals for a column: those that show so many digits of its middle spread.

    Args:
        spreads: Of its numbers, or the numbers; None, 0 and infinity tell nothing.
        digits: Of the spread.

    Returns:
        None where there is no spread.
    """
    known = [spread for spread in spreads if spread and math.isfinite(spread)]
    if not known:
        return None
    middle = statistics.median(map(math.log10, known))  # the small ones among huge ones count too
    return min(MOST, max(0, digits - 1 - math.floor(middle)))


def as_written(values: Iterable[float | None]) -> int:
    """Decimals for numbers that someone else rounded: the most that any of them has."""
    written = [f"{value:.{MOST}f}".rstrip("0") for value in values if value is not None]
    return max((len(one.partition(".")[2]) for one in written), default=0)


def fixed(value: float, places: int | None, *, sign: bool = False) -> str:
    """A number with so many decimals; with four digits that count where that is None.

    Args:
        value: The number.
        places: See `decimals`.
        sign: Print a plus too.
    """
    value += 0.0  # of minus zero
    plus = "+" if sign else ""
    return f"{value:{plus}.4g}" if places is None else f"{value:{plus}.{places}f}"
