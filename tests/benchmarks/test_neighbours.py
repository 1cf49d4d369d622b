"""What the benchmark makes of its arguments and its times."""

from __future__ import annotations

import pytest

from gan_zoo.runs.process import SPINS
from tests.benchmarks.neighbours import format_row, variables_of


@pytest.mark.parametrize(
    ("setting", "variables"),
    [
        ("default", {}),
        ("300", {"GOMP_SPINCOUNT": "300"}),
        ("one thread", {"OMP_NUM_THREADS": "1"}),
        ("chosen", {"GOMP_SPINCOUNT": str(SPINS)}),
        ("A=1 B=x=2", {"A": "1", "B": "x=2"}),
    ],
)
def test_a_setting_is_a_name_a_number_or_variables(setting: str, variables: dict[str, str]) -> None:
    assert variables_of(setting) == variables


def test_another_setting_is_refused() -> None:
    with pytest.raises(
        SystemExit, match=r"--settings: 'quick' came; a number, A=B C=D, or default"
    ):
        variables_of("quick")


@pytest.mark.parametrize(
    ("alone", "one", "two", "fit"),
    [
        (105, 315, 525, "yes"),
        (106, 212, 212, "no"),
        (100, 301, 400, "no"),
        (100, 200, 501, "no"),
    ],
)
def test_the_table_says_whether_a_setting_fits(alone: int, one: int, two: int, fit: str) -> None:
    times = {n: [middle - 8.0, middle, middle + 4.0] for n, middle in enumerate((alone, one, two))}
    cells = [cell.strip() for cell in format_row("x | 2", times, 100).split("|")[1:-1]]
    assert cells[:2] == ["x", "2"]
    assert cells[2:4] == [f"{alone} ({alone - 4} to {alone + 2})", f"{alone / 100:.2f}"]
    assert cells[5] == f"{one / alone:.2f}"
    assert cells[-1] == fit
