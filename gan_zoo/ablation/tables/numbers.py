"""Numbers with the digits that mean something."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from decimal import Decimal

MOST = 8  # decimals
SMALL, LARGE = 1e-4, 1e9  # numbers beyond are written with a power of ten, if they are that exact
TIMES = "\N{MULTIPLICATION SIGN}"
DIGITS = 4  # of numbers whose column tells nothing, and at most of those with a power of ten


def decimals(spreads: Iterable[float | None], *, digits: int = 2) -> int | None:
    """Decimals for a column: those that show so many digits of its middle spread; below zero where
    whole tens or hundreds mean nothing.

    Args:
        spreads: Of its numbers, or the numbers; None, 0 and infinity tell nothing.
        digits: Of the spread.

    Returns:
        None where there is no spread.
    """
    known = [abs(spread) for spread in spreads if spread and math.isfinite(spread)]
    if not known:
        return None
    middle = statistics.median(map(math.log10, known))  # the small ones among huge ones count too
    return digits - 1 - math.floor(middle)


def as_written(values: Iterable[float | None]) -> int:
    """Decimals for numbers that someone else rounded: the most that any of them has."""
    written = [-int(Decimal(repr(float(v))).normalize().as_tuple().exponent) for v in values if v]
    return max(0, *written) if written else 0


def fixed(value: float, places: int | None, *, sign: bool = False) -> str:
    """A number with so many decimals; with four digits that count where that is None. Huge and tiny
    ones have a power of ten. What rounds to zero has no sign.

    Args:
        value: The number.
        places: See `decimals`.
        sign: Print a plus too.
    """
    if places is None:
        places = decimals([value], digits=DIGITS) or 0
    size, plus = abs(value), "+" if sign else ""
    if math.isfinite(size) and (size >= LARGE or (places > MOST and 0 < size < SMALL)):
        shown = min(DIGITS, max(0, places + math.floor(math.log10(size))))
        number, _, power = f"{value:{plus}.{shown}e}".partition("e")
        return f"{number} {TIMES} 10^{int(power)}"
    told = f"{value:{plus}.{min(MOST, max(0, places))}f}"
    return told if float(told) else told.lstrip("+-")


def off_zero(value: float, places: int | None, *, sign: bool = False) -> str:
    """The same of a number that must not be read as zero: it has more decimals where it would."""
    told = fixed(value, places, sign=sign)
    if value and told.strip("0.") == "":
        return fixed(value, decimals([value], digits=1), sign=sign)
    return told
