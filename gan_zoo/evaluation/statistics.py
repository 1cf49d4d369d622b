"""Intervals of differences between scores, wherever runs are compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 10_000
LEVEL = 0.95
SEED = 0  # of the resamples: the same values have the same interval
FEWEST_SEEDS = 3  # below which a difference gets no verdict
BLOCK = 500  # resamples at a time: memory stays small for many pictures
ROUNDING = 1e-9  # of a number: what sums in another order may move it by, and more
MANY = 2_000  # pictures, above which their resamples are drawn anew each time


@dataclass(frozen=True)
class Interval:
    """A mean difference and where it lies.

    Args:
        mean: Of the differences.
        low: The interval's lower end; minus infinity where nothing bounds it.
        high: Its upper end; infinity likewise.
    """

    mean: float
    low: float
    high: float

    @property
    def is_off_zero(self) -> bool:
        """Whether it does not hold zero."""
        return not self.low <= 0 <= self.high

    @property
    def half_width(self) -> float:
        """Half of what lies between its ends."""
        return (self.high - self.low) / 2

    @property
    def is_point(self) -> bool:
        """Whether it has no width, but for rounding: all differences are one number."""
        return self.high - self.low <= ROUNDING * max(abs(self.low), abs(self.high))


def paired_interval(one: Sequence[float], other: Sequence[float]) -> Interval:
    """The mean of `one` less `other`, picture by picture, with the percentile bootstrap's interval
    of 95 % over pictures (Efron and Tibshirani 1993, sec. 13.3).

    Args:
        one: What every picture scores; nan where it has no value, which then does not count.
        other: The same pictures in the same order.

    Raises:
        ValueError: they differ in number, or no picture has both values.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} values came; the same pictures are expected")
    return difference_interval(np.subtract(one, other, dtype=float)[None])


def difference_interval(differences: npt.ArrayLike, *, resamples: int = RESAMPLES) -> Interval:
    """The mean of paired differences over seeds and pictures, with an interval of 95 % that holds
    for another training and other pictures: on each side the wider of two. `crossed_interval` is
    too narrow where few seeds differ much, `seeds_interval` where pictures do. Of one seed there is
    the first alone, over pictures: it says nothing of another training.

    Args:
        differences: `seeds pictures`; what is not finite has no value and does not count.
        resamples: Of the bootstrap; fewer are a coarser interval, and faster.

    Raises:
        ValueError: it has another shape, or no picture of a seed has a value.
    """
    found, known = _known(differences)
    crossed = crossed_interval(differences, resamples=resamples)
    if len(found) == 1:
        return crossed
    over = seeds_interval(found.sum(axis=1) / known.sum(axis=1))
    return Interval(crossed.mean, min(crossed.low, over.low), max(crossed.high, over.high))


def crossed_interval(differences: npt.ArrayLike, *, resamples: int = RESAMPLES) -> Interval:
    """The percentile bootstrap of crossed samples (Owen 2007, the pigeonhole bootstrap): each
    resample draws seeds, and one set of pictures for all of them. Pictures drawn anew within every
    seed would divide their variance by the number of seeds, though all are scored on the same ones.

    Args:
        differences: `seeds pictures`; what is not finite has no value and does not count.
        resamples: How many.

    Raises:
        ValueError: it has another shape, or no picture of a seed has a value.
    """
    found, known = _known(differences)
    seeds, pictures = found.shape
    whole = bool(known.all())
    means = []
    blocks = _blocks_of_pictures(pictures, resamples)
    for drawn, chosen in zip(blocks, _blocks_of_seeds(seeds, resamples), strict=True):
        # einsum, not matmul: BLAS may sum in another order on another number of threads, and equal
        # scores are to be equal tables
        sums = np.einsum("ri,si->rs", drawn, found)
        counts = pictures if whole else np.einsum("ri,si->rs", drawn, known)
        with np.errstate(invalid="ignore"):  # 0 / 0: none of a seed's few pictures was drawn
            weighted = np.where(chosen > 0, chosen * sums / counts, 0.0)
        means.append(weighted.sum(axis=1) / seeds)
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.nanpercentile(np.concatenate(means), [tail, 100 - tail])
    mean = (found.sum(axis=1) / known.sum(axis=1)).mean()
    return Interval(float(mean), float(low), float(high))


def seeds_interval(differences: npt.ArrayLike) -> Interval:
    """The mean of one difference a seed, with Student's interval of 95 %: for scores that pictures
    do not have, or do not add up to. Of one seed nothing bounds it.

    Args:
        differences: One for each seed, all finite.

    Raises:
        ValueError: there is none.
    """
    found = np.asarray(differences, dtype=float)
    if found.ndim != 1 or not found.size:
        raise ValueError(f"differences of the shape {found.shape} came, [seeds] expected")
    mean, count = float(found.mean()), len(found)
    if count == 1:
        return Interval(mean, -math.inf, math.inf)
    reach = student_quantile(count - 1) * float(found.std(ddof=1)) / math.sqrt(count)
    return Interval(mean, mean - reach, mean + reach)


def smallest_difference(intervals: Iterable[Interval]) -> float | None:
    """About the smallest difference that such intervals show: the median of their half widths. A
    true difference of that size is missed half the time, as the one found falls below it as often
    as above.

    Args:
        intervals: Of every variant's difference; those that nothing bounds do not count, nor those
            without a width, as of a variant that comes to the same numbers as the reference.

    Returns:
        None where there is none.
    """
    widths = [
        one.half_width for one in intervals if math.isfinite(one.half_width) and not one.is_point
    ]
    return float(np.median(widths)) if widths else None


@lru_cache
def student_quantile(freedom: int, level: float = LEVEL) -> float:
    """The t within whose -t and t this share of Student's distribution lies, by its closed form for
    whole degrees of freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).

    Args:
        freedom: Its degrees of freedom, at least 1.
        level: The share, within 0 and 1.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):  # halvings: as exact as a float is
        middle = (low + high) / 2
        low, high = (middle, high) if _student_share(middle, freedom) < level else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _student_share(angle: float, freedom: int) -> float:
    """The share of Student's distribution between -t and t, of t = tan(angle) sqrt(freedom)."""
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= math.cos(angle) ** 2 * (k - 1) / k
        total += term
    share = math.sin(angle) * total
    return (angle + share) * 2 / math.pi if odd else share


def _known(differences: npt.ArrayLike) -> tuple[Floats, Floats]:
    """`seeds pictures`: the values, zero where there is none; and 1 where there is one. Pictures
    that have none in any seed are gone.
    """
    found = np.asarray(differences, dtype=float)
    if found.ndim != 2 or not found.size:
        raise ValueError(f"differences of the shape {found.shape} came, [seeds, pictures] expected")
    known = np.isfinite(found)
    if not known.any(axis=1).all():
        raise ValueError("no picture has a value in both")
    kept = known.any(axis=0)
    values, known = np.where(known, found, 0.0)[:, kept], known[:, kept].astype(float)
    return np.ascontiguousarray(values), np.ascontiguousarray(known)  # sums run along pictures


def _blocks_of_pictures(count: int, resamples: int) -> Iterator[Floats]:
    """How often each resample holds each picture: `block pictures`, block by block in one place:
    fresh memory for each would take longer than all that is done with it.
    """
    made = _kept_blocks(count, resamples) if count <= MANY else _draw_blocks(count, resamples)
    place = np.empty((BLOCK, count))
    for block in made:
        place[: len(block)] = block
        yield place[: len(block)]


@lru_cache(maxsize=2)
def _kept_blocks(count: int, resamples: int) -> list[npt.NDArray[np.uint8]]:
    """The same, kept for the next difference of as many pictures: a table has dozens."""
    return [*_draw_blocks(count, resamples)]


def _draw_blocks(count: int, resamples: int) -> Iterator[npt.NDArray[np.uint8]]:
    draw = np.random.default_rng(SEED)
    for start in range(0, resamples, BLOCK):
        rows = min(BLOCK, resamples - start)
        chosen = draw.integers(count, size=(rows, count)) + count * np.arange(rows)[:, None]
        often = np.bincount(chosen.ravel(), minlength=rows * count)
        yield often.astype(np.uint8).reshape(rows, count)  # no picture is drawn 256 times


def _blocks_of_seeds(count: int, resamples: int) -> Iterator[Floats]:
    """How often each resample holds each seed: `block seeds`, block by block."""
    draw = np.random.default_rng([SEED, 1])
    for start in range(0, resamples, BLOCK):
        shape = (min(BLOCK, resamples - start), count)
        yield draw.multinomial(count, [1 / count] * count, size=shape[0]).astype(float)
