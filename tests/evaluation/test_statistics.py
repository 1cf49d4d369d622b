"""Intervals of differences: what they hold, how often, and how wide they are."""

from __future__ import annotations

import math
import time

import numpy as np
import numpy.typing as npt
import pytest

from gan_zoo.evaluation.statistics import (
    RESAMPLES,
    Interval,
    crossed_interval,
    difference_interval,
    paired_interval,
    seeds_interval,
    smallest_difference,
    student_quantile,
)

Floats = npt.NDArray[np.float64]

# Two-sided 95 %, as tables have it (to ten digits, by mpmath's incomplete beta function).
QUANTILES = {
    1: 12.7062047362,
    2: 4.3026527297,
    3: 3.1824463053,
    4: 2.7764451052,
    9: 2.2621571628,
    30: 2.0422724563,
    99: 1.9842169516,
    1000: 1.9623390808,
}


@pytest.mark.parametrize(("freedom", "wanted"), QUANTILES.items())
def test_quantiles_are_those_of_tables(freedom: int, wanted: float) -> None:
    assert student_quantile(freedom) == pytest.approx(wanted, abs=1e-9)


def test_a_share_of_half_is_known_without_a_table() -> None:
    assert student_quantile(1, 0.5) == pytest.approx(1, abs=1e-12)  # Cauchy's quartile
    assert student_quantile(2, 0.5) == pytest.approx(math.sqrt(2 / 3), abs=1e-12)


# ---------------------------------------------------------------------------------- seeds


def test_an_interval_over_seeds_is_students() -> None:
    found = seeds_interval([1.0, 2.0, 3.0])
    reach = 4.3026527297 / math.sqrt(3)
    assert (found.mean, found.half_width) == (2.0, pytest.approx(reach))
    assert found.low == pytest.approx(2 - reach)
    assert seeds_interval([1.0, 1.0]) == Interval(1.0, 1.0, 1.0)


def test_one_seed_of_a_set_bounds_nothing() -> None:
    found = seeds_interval([7.0])
    assert (found.mean, found.low, found.high) == (7.0, -math.inf, math.inf)
    assert not found.is_off_zero
    with pytest.raises(ValueError, match=r"shape \(0,\) came"):
        seeds_interval([])


# ---------------------------------------------------------------------------------- both


def some_differences(seeds: int, pictures: int, *, spread: float = 1.0, seed: int = 0) -> Floats:
    """Differences whose mean is 0 in truth: of seeds, of pictures, and of both together.

    Args:
        seeds: How many.
        pictures: How many.
        spread: Standard deviation of seeds, where that of pictures is 1.
        seed: Of the draws.
    """
    draw = np.random.default_rng(seed)
    own = spread * draw.normal(size=(seeds, 1))
    return own + draw.normal(size=pictures) + draw.normal(size=(seeds, pictures))


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_it_is_as_wide_as_either_part(seeds: int) -> None:
    for pictures in (1, 2, 7, 40):
        found = some_differences(seeds, pictures, seed=pictures)
        whole, over_seeds = difference_interval(found), seeds_interval(found.mean(axis=1))
        assert whole.mean == pytest.approx(found.mean())
        slack = 1e-12  # of another order of sums
        assert whole.low - slack <= over_seeds.low <= whole.mean + slack
        assert whole.mean - slack <= over_seeds.high <= whole.high + slack
        assert difference_interval(found) == whole  # drawn alike every time


def test_of_one_seed_it_is_that_over_pictures() -> None:
    found = some_differences(1, 40)
    assert difference_interval(found) == paired_interval(found[0], [0.0] * 40)


def test_it_moves_and_grows_with_the_values() -> None:
    found = some_differences(3, 40)
    plain, other = difference_interval(found), difference_interval(5 - 2 * found)
    wanted = (5 - 2 * plain.high, 5 - 2 * plain.low)
    assert (other.low, other.high) == (pytest.approx(wanted[0]), pytest.approx(wanted[1]))
    assert difference_interval(found[::-1]).high == pytest.approx(plain.high, rel=0.03)


def test_pictures_are_drawn_once_for_all_seeds() -> None:
    """Seeds that agree in every picture are worth one: their number narrows nothing."""
    one = some_differences(1, 60)
    alone, thrice = difference_interval(one), difference_interval(np.repeat(one, 3, axis=0))
    assert (thrice.low, thrice.high) == (pytest.approx(alone.low), pytest.approx(alone.high))


def test_what_has_no_value_does_not_count() -> None:
    found = some_differences(3, 40)
    holed = np.insert(found, [0, 7, 40], math.nan, axis=1)  # pictures without any value
    assert difference_interval(holed) == difference_interval(found)
    found[1, 3:20] = math.nan
    found[2, 5] = math.inf
    means = np.nanmean(np.where(np.isfinite(found), found, math.nan), axis=1)
    partly = difference_interval(found)
    assert partly.mean == pytest.approx(means.mean())
    assert partly.low <= seeds_interval(means).low
    found[1] = math.nan
    with pytest.raises(ValueError, match="no picture has a value in both"):
        difference_interval(found)
    with pytest.raises(ValueError, match=r"shape \(40,\) came"):
        difference_interval(found[0])
    few = np.array([[1.0, 1.0, 1.0], [1.0, math.nan, math.nan]])  # often not one of seed 1 is drawn
    assert difference_interval(few).mean == 1.0


def test_five_hundred_pictures_take_no_time() -> None:
    found = some_differences(3, 500)
    start = time.process_time()
    difference_interval(found)
    assert time.process_time() - start < 0.3
    start = time.process_time()
    for _ in range(10):
        difference_interval(found)
    assert time.process_time() - start < 1.5  # what is drawn is kept for the table's next cell


def test_many_pictures_are_drawn_alike() -> None:
    found = some_differences(1, 2_001)  # not kept
    assert difference_interval(found, resamples=501) == difference_interval(found, resamples=501)


# ---------------------------------------------------------------------------------- coverage

CASES = [(pictures, spread) for pictures in (60, 500) for spread in (0.0, 0.3, 1.0)]


def simulate(pictures: int, spread: float, *, runs: int, resamples: int) -> tuple[float, float]:
    """How often intervals of three seeds hold the truth; their mean width over the wider of the
    mean widths of their two parts.
    """
    held, widths = 0, []
    for run in range(runs):
        found = some_differences(3, pictures, spread=spread, seed=run)
        whole = difference_interval(found, resamples=resamples)
        held += not whole.is_off_zero
        crossed = crossed_interval(found, resamples=resamples)
        over_seeds = seeds_interval(found.mean(axis=1))
        widths.append([one.half_width for one in (whole, crossed, over_seeds)])
    ours, *parts = np.mean(widths, axis=0)
    return held / runs, float(ours / max(parts))


@pytest.mark.parametrize(("pictures", "spread"), CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(pictures: int, spread: float) -> None:
    """500 intervals each, of fewer resamples than tables take: an end moves by 1 %."""
    held, wider = simulate(pictures, spread, runs=500, resamples=500)
    assert 0.93 <= held <= 0.997
    assert 1.0 <= wider <= 1.35


@pytest.mark.slow
@pytest.mark.parametrize(("pictures", "spread"), CASES)
def test_so_do_those_of_tables(pictures: int, spread: float) -> None:
    held, wider = simulate(pictures, spread, runs=500, resamples=RESAMPLES)
    assert 0.93 <= held <= 0.997
    assert 1.0 <= wider <= 1.35


# ---------------------------------------------------------------------------------- what shows


def test_a_difference_of_that_size_is_missed_half_the_time() -> None:
    shown = []
    for run in range(300):
        means = some_differences(3, 60, spread=1.0, seed=run).mean(axis=1)
        one = seeds_interval(means)
        shown.append(seeds_interval(means + one.half_width).is_off_zero)
    assert 0.4 <= np.mean(shown) <= 0.6


def test_the_smallest_difference_is_the_median_half_width() -> None:
    found = [Interval(0.0, -1.0, 3.0), Interval(5.0, 4.0, 5.0), Interval(0.0, -9.0, 9.0)]
    assert smallest_difference(found) == 2.0
    assert smallest_difference([*found, Interval(1.0, 1.0, 1.0 + 1e-12)]) == 2.0  # has no width
    assert smallest_difference([seeds_interval([1.0])]) is None
    assert smallest_difference([]) is None
