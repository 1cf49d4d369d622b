"""From the numbers of a file to those that networks see, by the range that the recipe declares."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gan_zoo_data.faults import Instead, Misfit
from gan_zoo_data.modes import reading_of, write_number

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

Array = np.ndarray[Any, Any]


def scaled(path: Path, stored: Array, mode: Mode) -> Array:
    """Numbers of a file `H W C` -> the picture: 8-bit ones of 0 to 255 as they are, others float32
    in [-1, 1], what lies beyond the range clipped and pixels that show nothing -1.

    Raises:
        DataError: names the file, which holds numbers that are none and are not declared.
    """
    reading = reading_of(mode)
    missing = _missing(path, stored, reading.missing)
    if reading.plain(str(stored.dtype)):
        if missing is None:
            return stored
        return np.where(missing, np.uint8(0), stored)
    assert reading.range is not None, "another type was refused as the header was read"
    low, high = reading.range
    exact = stored.dtype.itemsize <= 2 or stored.dtype == np.float32
    wide: Array = stored.astype(np.float32 if exact else np.float64)
    if missing is not None:
        wide[missing] = low
    share: Array = (np.clip(wide, low, high) - low) / (high - low)  # no factor: ends are exact
    return (share * 2 - 1).astype(np.float32, copy=False)


def _missing(path: Path, stored: Array, nodata: float | None) -> Array | None:
    """Which numbers show nothing; None where all show something."""
    none: Array | None = np.isnan(stored) if stored.dtype.kind == "f" else None
    if nodata is not None and not np.isnan(nodata):
        found: Array = stored == nodata
        if none is not None and none.any():
            _refuse_nan(path, int(none.sum()), stored.size)
        return found
    if none is not None and none.any() and nodata is None:
        _refuse_nan(path, int(none.sum()), stored.size)
    return none if nodata is not None else None


def _refuse_nan(path: Path, count: int, size: int) -> None:
    told = f"a picture in which {count:,} of {size:,} numbers are none (NaN); say `nodata: nan` "
    told += "beside its range where these pixels show nothing, or correct the file"
    raise Misfit.of(path, Instead(told))


def unshown(stored: Array, nodata: float) -> Array:
    """Which pixels of a file `H W C` show nothing in every band, bools `H W`.

    Args:
        stored: The numbers of the file.
        nodata: The number, or NaN, that stands for nothing.
    """
    none: Array = np.isnan(stored) if np.isnan(nodata) else stored == nodata
    return np.asarray(none.all(axis=-1))


class Outside(NamedTuple):
    """How many numbers lie beyond a range.

    Args:
        below, above: Numbers below the low, and above the high.
        size: Numbers that show something.
        least, most: The extremes that were found.
    """

    below: int = 0
    above: int = 0
    size: int = 0
    least: float = float("inf")
    most: float = float("-inf")

    def told(self, name: str, mode: Mode) -> list[str]:
        """A sentence for each side that is clipped."""
        reading = reading_of(mode)
        assert reading.range is not None
        low, high, least, most = map(write_number, (*reading.range, self.least, self.most))
        sides = (
            (self.below, f"below {low}, down to {least}; they become -1"),
            (self.above, f"above {high}, up to {most}; they become 1"),
        )
        return [
            f"{_share(count, self.size)} of the numbers in {name} lie {where}"
            for count, where in sides
            if count
        ]


def outside(path: Path, stored: Array, mode: Mode) -> Outside | None:
    """What of a file lies beyond the range; None where no range is declared.

    Raises:
        DataError: as `scaled`.
    """
    reading = reading_of(mode)
    if reading.range is None:
        return None
    missing = _missing(path, stored, reading.missing)
    shown = stored if missing is None else stored[~missing]
    if not shown.size:
        return Outside()
    low, high = reading.range
    return Outside(
        below=int((shown < low).sum()),
        above=int((shown > high).sum()),
        size=shown.size,
        least=float(shown.min()),
        most=float(shown.max()),
    )


def together(found: Iterable[Outside]) -> Outside:
    """Of several files."""
    of = [*found]
    return Outside(
        below=sum(one.below for one in of),
        above=sum(one.above for one in of),
        size=sum(one.size for one in of),
        least=min((one.least for one in of), default=Outside().least),
        most=max((one.most for one in of), default=Outside().most),
    )


def _share(count: int, size: int) -> str:
    share = 100 * count / size
    return "less than 0.01 %" if share < 0.01 else f"{share:.2g} %"
