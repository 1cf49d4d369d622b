"""A comparison sees what is wrong with either output, wherever it stands."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from gan_zoo.components import Image, Values
from gan_zoo.inference.export.comparing import FULL, Arrays, Figures, compare
from gan_zoo.inference.export.ports import Port, to_picture

METERS = Values("float32", -10, 40)
PORT = Port("source", "B 1 H W", "uint8", "", Image(1))
SAMPLES = [[{"source": torch.full((1, 4, 6), 30 * n, dtype=torch.uint8)} for n in range(8)]]


def made_of(given: np.ndarray) -> np.ndarray:
    return given.astype(np.float32) / 255 - 0.5


def compared(values: Values, floats: Any = None, picture: Any = None) -> Figures:
    """Of a run that makes floats of a picture, and a file that does, but for what is added to the
    outputs of picture n of 8.
    """

    def output(maps: Any, style: Any) -> torch.Tensor:
        return torch.from_numpy(made_of(maps["source"].numpy()))

    def run(inputs: Arrays) -> Arrays:
        made = made_of(inputs[0])
        turns = (inputs[0][:, 0, 0, 0] // 30).tolist()
        shown = to_picture(torch.from_numpy(made), values).numpy().copy()
        for n, turn in enumerate(turns):
            made[n, 0, 0, 0] += (floats or {}).get(turn, 0)
            if turn in (picture or {}):
                shown[n] = shown[n] + (picture or {})[turn]
        return [shown, made]

    model: Any = SimpleNamespace(
        target="target",
        values=lambda name: values,
        shapes={"source": Image(1)},
        stylist=SimpleNamespace(id_maps={}, styles=lambda *given: {}),
        output=output,
    )
    return compare(model, [PORT], run, SAMPLES, FULL)


@pytest.mark.parametrize("values", [Values(), METERS], ids=["8 bits", "meters"])
@pytest.mark.parametrize("turn", [0, 3, 7])
def test_what_is_no_number_stays(values: Values, turn: int) -> None:
    figures = compared(values, {2: 1e-6, turn: math.nan, 4: 1e-6})
    assert math.isnan(figures.largest)
    assert not figures.ok


def test_the_largest_difference_of_all_pictures() -> None:
    figures = compared(Values(), {1: 1e-6, 3: 5e-4, 6: 1e-5})
    assert figures.largest == pytest.approx(5e-4, rel=1e-3)
    assert figures.pictures == 8
    assert figures.ok


def test_a_picture_in_the_files_own_numbers_is_compared() -> None:
    assert compared(METERS).largest < 1e-6
    assert compared(METERS).ok
    small = compared(METERS, picture={5: 0.02})  # of 50, which are 2 of [-1, 1]
    assert small.largest == pytest.approx(0.02 / 25, rel=1e-2)
    assert small.share == 1
    assert small.ok
    wrong = compared(METERS, picture={5: 1.0})
    assert wrong.largest == pytest.approx(1 / 25, rel=1e-3)
    assert wrong.share == 7 / 8
    assert not wrong.ok
    assert math.isnan(compared(METERS, picture={5: math.nan}).largest)


def test_a_picture_of_8_bits_is_compared() -> None:
    wrong = compared(Values(), picture={2: np.uint8(2)})
    assert wrong.largest == 0
    assert wrong.share == 7 / 8
    assert not wrong.ok
