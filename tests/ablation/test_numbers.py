"""Numbers with the digits that mean something, in fixed point or with a power of ten."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from gan_zoo.ablation.table import Cell
from gan_zoo.ablation.tables.latex import as_latex
from gan_zoo.ablation.tables.layout import differences
from gan_zoo.ablation.tables.numbers import TIMES, as_written, decimals, fixed, off_zero
from gan_zoo.evaluation.statistics import Interval
from tests.ablation.small_table import SMALL


@pytest.mark.parametrize(
    ("spreads", "places"),
    [
        ([0.0123], 3),
        ([0.1, 0.2, 9.0], 2),
        ([12.0], 0),
        ([2048.0], -2),
        ([0.00999], 4),
        ([1e-12], 13),
        ([None, 0.0, math.inf], None),
    ],
)
def test_a_spread_tells_how_many_digits_mean_something(
    spreads: list[float | None], places: int | None
) -> None:
    assert decimals(spreads) == places


@pytest.mark.parametrize(
    ("values", "places"),
    [([0.2, 0.22, None], 2), ([26.0], 0), ([], 0), ([1e-5], 5), ([1e-10, 0.2], 10), ([1e12], 0)],
)
def test_numbers_of_others_keep_their_digits(values: list[float | None], places: int) -> None:
    assert as_written(values) == places


@pytest.mark.parametrize(
    ("value", "places", "told"),
    [
        (123.456, None, "123.5"),
        (123_456, None, "123456"),
        (0.0000123456, None, "0.00001235"),
        (-0.0, 2, "0.00"),
        (-0.004, 2, "0.00"),
        (-0.006, 2, "-0.01"),
        (2048, -2, "2048"),
        (1.234e-12, 13, "1.2 * 10^-12"),
        (-3.4e-10, 12, "-3.40 * 10^-10"),
        (9.99e-13, 13, "1 * 10^-12"),
        (1.23456e12, -8, "1.2346 * 10^12"),
        (0.22, 10, "0.22000000"),
        (math.nan, 2, "nan"),
    ],
)
def test_a_number_reads_well(value: float, places: int | None, told: str) -> None:
    assert fixed(value, places) == told.replace("*", TIMES)


def test_a_sign_is_of_what_is_printed() -> None:
    told = [fixed(value, 1, sign=True) for value in (0.5, -0.5, 0.01, -0.01, 0.0)]
    assert told == ["+0.5", "-0.5", "0.0", "0.0", "0.0"]


def test_what_is_off_zero_never_reads_as_zero() -> None:
    assert off_zero(0.0004, 2) == "0.0004"
    assert off_zero(-0.004, 2, sign=True) == "-0.004"
    assert off_zero(0.5, 2) == "0.50"
    assert off_zero(0.0, 2) == "0.00"
    wide = Cell({0: 1.0}, 1.0, 0.1, Interval(1.0, 0.0004, 2.0), {0: 1.0}, 0, 3, bold=True)
    tiny = Cell({0: 1.0}, 1.0, 0.1, Interval(-0.002, -0.003, -0.001), {0: 1.0}, 3, 3, bold=True)
    holds = Cell({0: 1.0}, 1.0, 0.1, Interval(0.5, -0.0004, 1.0), {0: 1.0}, 0, 3)
    cells = zip(SMALL.rows, (wide, tiny, None, holds), strict=True)
    rows = tuple(replace(row, cells={"l1": cell} if cell else {}) for row, cell in cells)
    told = differences(replace(SMALL, rows=rows, columns=SMALL.columns[:1]))["l1"]
    assert [entry.text for entry in told.values()] == [
        "+1.00 [0.0004, 2.00]",
        "-0.002 [-0.003, -0.001]",
        "+0.50 [0.00, 1.00]",
    ]


def test_powers_are_set_in_latex() -> None:
    cell = Cell({0: 1e-12, 1: 2e-12}, -1.5e-12, 1.1e-12)
    row = replace(SMALL.rows[0], variant="a--b", cells={"l1": cell})
    told = as_latex(replace(SMALL, rows=(row,), columns=SMALL.columns[:1], comparisons=0))
    power = r"$\times 10^{-12}$"
    assert f"a-{{}}-b & $-$1.5 {power} $\\pm$ 1.1 {power} &" in told


def test_what_is_wider_than_a_page_is_parted_in_latex() -> None:
    long = Interval(-123.4567, -234.5678, -12.3456)
    names = [f"score_{n}" for n in range(5)]
    cell = Cell({0: 1.0}, 1.0, 0.1, long, {0: 1.0}, 3, 3)
    rows = tuple(replace(row, cells=dict.fromkeys(names, cell)) for row in SMALL.rows)
    columns = tuple(replace(SMALL.columns[0], name=name) for name in names)
    told = as_latex(replace(SMALL, rows=rows, columns=columns))
    found = [line for line in told.splitlines() if line.startswith(r"\begin{tabular}")]
    widths = [line.partition("{l")[2].count("r") for line in found]
    assert widths[-3:] == [3, 2, 4]  # differences of three scores, of two; costs
