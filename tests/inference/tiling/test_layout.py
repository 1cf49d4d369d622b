"""Where tiles lie, and whose pixels are taken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_zoo.inference.tiling.blending import Blend
from gan_zoo.inference.tiling.layout import Layout, Side


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(2, 10), st.integers(0, 4), st.integers(0, 4))
def test_every_pixel_is_taken_once(length: int, cores: int, overlap: int, ramp: int) -> None:
    tile = cores + 2 * overlap
    side = Side(length, tile, overlap, min(ramp, overlap, cores // 2))
    total = np.zeros(length)
    ends = [side.core(number) for number in range(side.count)]
    assert [begin for begin, _ in ends] == [0, *(end for _, end in ends[:-1])]
    assert ends[-1][1] == length
    for number in range(side.count):
        begin, end = side.reached(number)
        start = side.start(number)
        assert start <= begin < end <= start + side.size() <= length
        if number:  # neighbors are seen as far as the overlap says, except at the border
            assert side.core(number)[0] - start >= overlap
        if number < side.count - 1:
            assert start + side.size() - side.core(number)[1] >= overlap
        total[begin:end] += side.weights(number)
    assert total == pytest.approx(np.ones(length), abs=1e-6)


@pytest.mark.parametrize("ramp", [0, 2])
def test_rows_add_up_to_the_picture(ramp: int) -> None:
    whole = np.random.default_rng(0).normal(size=(2, 53, 41)).astype(np.float32)
    layout = Layout.of((53, 41), 16, 4, ramp)
    blend, found = Blend(layout, 2), []
    for row in range(layout.down.count):
        for column in range(layout.across.count):
            box = layout.tile(row, column)
            blend.add(column, whole[:, box.top : box.bottom, box.left : box.right])
        found.append(blend.finish())
    assert np.concatenate(found, 1) == pytest.approx(whole, abs=1e-5)
    assert blend.strip.shape[1] <= 16  # of the last row of tiles, and no more than a tile
    assert blend.carried is not None
    assert blend.carried.shape[1] == 0


def test_ramps_are_linear() -> None:
    side = Side(32, 16, 4, 2)
    assert side.core(0) == (0, 12)
    assert side.weights(0)[10:14] == pytest.approx([0.875, 0.625, 0.375, 0.125])
