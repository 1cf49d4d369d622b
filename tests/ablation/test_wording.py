"""What is told of runs, to the letter."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from gan_zoo.ablation.claims import Owner
from gan_zoo.ablation.wording import describe_end, describe_holder, describe_rest
from tests.ablation.test_attempts import tries
from tests.ablation.test_claims import ELSEWHERE, ME


@pytest.mark.parametrize(
    ("took", "left", "places", "told"),
    [
        ([], 3, 1, ""),
        ([300], 0, 1, ""),
        ([1], 3, 2, "10 s"),
        ([7, 9], 7, 2, "30 s"),
        ([57], 1, 1, "1 min"),
        ([340, 354], 11, 2, "30 min"),
        ([347], 4, 1, "25 min"),
        ([3590], 1, 1, "1 h"),
        ([3600, 7200], 5, 3, "2 h 30 min"),
        ([600], 6, 100, "10 min"),  # no shorter than one of them
    ],
)
def test_how_long_the_rest_takes(took: list[float], left: int, places: int, told: str) -> None:
    assert describe_rest(took, left, places) == (told and f", about {told} to go")


def test_a_command_to_copy_is_one() -> None:
    told = describe_end(Path("my ablations/it's"), 3, 1, 0, tries("memory"))
    first, second = told.split("gan-zoo ablate ")[1:]
    assert shlex.split(first.partition(";")[0]) == ["my ablations/it's"]
    assert shlex.split(second) == ["my ablations/it's", "--retry", "memory"]


def test_who_is_at_a_run() -> None:
    owner = Owner("1", "node3", ME, "cuda:GPU-aaaa", None, "")
    here = f"is being made by process {ME.pid} on node3, at cuda:GPU-aaaa"
    assert describe_holder(owner) == here
    died = "if that has died, the run is taken over ten minutes after its last sign of life"
    assert describe_holder(replace(owner, process=ELSEWHERE)) == f"{here}; {died}"
