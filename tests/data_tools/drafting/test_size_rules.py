"""Sizes on disk -> the size of training, which fits the generator and all pictures."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_zoo.data_tools.drafting.size_rules import (
    LEAST,
    LONGEST,
    Sides,
    describe_sizes,
    has_aspect,
    plan_crop,
    plan_size,
)

SIDES = st.integers(8, 3000)
SIZES = st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=5)
MULTIPLES = st.sampled_from([1, 2, 4, 8, 12, 16, 32, 64, 128, 256, 1024])


@pytest.mark.parametrize(
    ("sizes", "multiple", "size", "load"),
    [
        ([(256, 256)], 256, (256, 256), (286, 286)),  # as published
        ([(512, 512)], 256, (512, 512), (572, 572)),
        ([(64, 64)], 64, (64, 64), (72, 72)),
        ([(300, 200)], 64, (320, 192), (358, 238)),  # the aspect ratio stays
        ([(28, 28)], 32, (32, 32), (36, 36)),
        ([(250, 256), (256, 250)], 256, (256, 256), (286, 286)),  # one size, but for some pixels
        ([(600, 900)], 256, (512, 512), None),  # parts at full scale
        ([(300, 900), (700, 500)], 32, (288, 480), None),
        ([(70, 90), (1000, 1500), (900, 1200)], 256, (256, 256), (286, 286)),  # all sizes
    ],
)
def test_a_crop(sizes: list[Sides], multiple: int, size: Sides, load: Sides | None) -> None:
    rule = plan_crop(sizes, multiple)
    assert rule is not None
    assert (rule.size, rule.load) == (size, load)


@pytest.mark.parametrize(
    ("side", "multiple", "told"),
    [
        (256, 256, "a little larger"),
        (28, 32, "a little larger"),  # 36
        (5, 4, "enlarged 7.2 times, since sides are multiples of 4, 32 at least"),
        (20, 8, "enlarged 1.8 times, since sides are multiples of 8, 32 at least"),
        (40, 16, "enlarged 1.4 times, since sides are multiples of 16, 32 at least"),
    ],
)
def test_how_much_is_enlarged_is_said(side: int, multiple: int, told: str) -> None:
    rule = plan_crop([(side, side)], multiple)
    assert rule is not None
    assert rule.why_load == f"pictures are {side}x{side}: {told}"


def test_phases_that_enlarge_say_how_much() -> None:
    rule = plan_size([(5, 5)], 16, 512 * 512)
    assert rule is not None
    assert rule.why == (
        "pictures are 5x5; enlarged 6.4 times, since sides are multiples of 16, 32 at least"
    )


@pytest.mark.parametrize(
    ("sizes", "multiple", "most", "size"),
    [
        ([(1024, 2048)], 16, 512 * 1024, (512, 1024)),  # Cityscapes with the coarse network
        ([(1024, 2048)], 32, 1024 * 2048, (1024, 2048)),
        ([(512, 512)], 16, 512 * 1024, (512, 512)),
        ([(256, 256)], 16, 512 * 1024, (256, 256)),
        ([(375, 500), (500, 375)], 16, 512 * 1024, (368, 368)),
        ([(100, 80)], 16, 512 * 1024, (96, 80)),
    ],
)
def test_a_size_of_phases(sizes: list[Sides], multiple: int, most: int, size: Sides) -> None:
    rule = plan_size(sizes, multiple, most)
    assert rule is not None
    assert rule.size == size


@pytest.mark.parametrize("sizes", [[(300, 200)], [(100, 100)], [(200, 600), (300, 600)]])
def test_a_multiple_that_would_change_a_side_by_more_than_an_eighth_is_too_coarse(
    sizes: list[Sides],
) -> None:
    assert plan_crop(sizes, 256) is None
    assert plan_size(sizes, 256, 512 * 512) is None


@given(SIZES, MULTIPLES)
def test_a_crop_fits_the_generator_and_every_picture(sizes: list[Sides], multiple: int) -> None:
    rule = plan_crop(sizes, multiple)
    if rule is None:
        assert multiple > 4  # less fits all
        return
    assert all(side % multiple == 0 and side >= LEAST for side in rule.size)
    if rule.load:
        assert all(load >= crop for load, crop in zip(rule.load, rule.size, strict=True))
    else:
        assert all(size[n] >= rule.size[n] for size in sizes for n in (0, 1))
        assert max(rule.size) <= LONGEST


@given(SIZES, MULTIPLES, st.integers(64 * 64, 2**21))
def test_a_size_of_phases_fits_the_generator_and_the_memory(
    sizes: list[Sides], multiple: int, most: int
) -> None:
    rule = plan_size(sizes, multiple, most)
    if rule is None:
        assert multiple > 8
        return
    assert all(side % multiple == 0 and side >= LEAST for side in rule.size)
    if min(rule.size) > 2 * LEAST:
        assert math.prod(rule.size) <= most * (9 / 8) ** 2 + 1


def test_aspect_ratios_are_equal_to_the_pixel_that_rounding_leaves_open() -> None:
    assert has_aspect([(1024, 2048), (512, 1024), (333, 667)], (256, 512))
    assert not has_aspect([(1024, 2048), (512, 1000)], (256, 512))


def test_sizes_are_told_as_height_by_width() -> None:
    assert describe_sizes([(3, 4)]) == "3x4"
    assert describe_sizes([(3, 9), (5, 4)]) == "3x4 to 5x9"
