"""Targets that belong to another pair's input are named, and no others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_zoo.components.shapes import Image as Shape
from gan_zoo.data_tools.partners import LEAST, MOST, SIDE, find_strangers, form_of
from gan_zoo.data_tools.split_prints import take_prints
from gan_zoo.data_tools.suspicions import Suspicion, judge_split
from gan_zoo_data.shipped_specs import ScenesSpec
from tests.data_tools.test_check import Drawn, blobs

SHAPES = {"source": Shape(1), "target": Shape(3)}


def pairs(count: int, order: list[int] | None = None) -> list[Suspicion]:
    """What is said of pairs with the same edges each, the targets in another order."""
    sources = [blobs(seed, 60, 90, 1) for seed in range(count)]
    targets = [torch.cat([source, -source * 0.5, source * 0.8]) for source in sources]
    made = [
        {"source": source, "target": targets[at]}
        for source, at in zip(sources, order or range(count), strict=True)
    ]
    found = judge_split(take_prints("train", Drawn(made), SHAPES, paired=True))
    return [one for one in found if one.kind == "mismatched"]


@pytest.mark.parametrize("count", [LEAST, 13, 30])
def test_exchanged_targets_are_named_with_the_pair_they_fit(count: int) -> None:
    assert pairs(count) == []
    order = [*range(count)]
    order[1], order[4], order[6] = 4, 6, 1
    said = pairs(count, order)
    assert [(one.at.sample, one.other and one.other.sample) for one in said] == [
        ("s1", "s4"),
        ("s4", "s6"),
        ("s6", "s1"),
    ]
    assert said[0].told.startswith("the target fits source of s4: edges correlate by ")


def test_names_that_slipped_by_one_are_told_of_every_pair() -> None:
    said = pairs(12, [*range(1, 12), 0])
    assert [one.at.sample for one in said] == [f"s{n}" for n in range(12)]


def test_few_pairs_and_very_many_tell_nothing() -> None:
    rolled = [*range(1, LEAST - 1), 0]
    assert pairs(LEAST - 1, rolled) == []
    forms = [np.zeros(SIDE * SIDE, np.float16)] * (MOST + 1)
    assert find_strangers(forms, forms) == []


def test_a_target_that_fits_two_inputs_alike_is_not_named() -> None:
    draw = np.random.default_rng(0)
    inputs = [form_of(draw.random((64, 64), np.float32)) for _ in range(10)]
    targets = [*inputs]
    targets[2], targets[5] = inputs[5], inputs[2]
    assert [(one.at, one.other) for one in find_strangers(inputs, targets)] == [(2, 5), (5, 2)]
    inputs[7] = inputs[5]
    assert [(one.at, one.other) for one in find_strangers(inputs, targets)] == [(5, 2)]


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (31, 33), (128, 128)])
def test_a_form_is_a_vector_of_one_length(size: tuple[int, int]) -> None:
    form = form_of(np.random.default_rng(0).random(size, np.float32))
    length = float(np.linalg.norm(form.astype(np.float32)))
    assert form.shape == (SIDE * SIDE,)
    assert length == pytest.approx(0 if size == (1, 1) else 1, abs=1e-2)
    assert not form_of(np.zeros(size, np.float32)).any()


def test_photos_of_label_maps_are_told_too() -> None:
    spec = ScenesSpec(theme="street", samples=(24, 2, 2))
    dataset = spec.open("train")
    maps = [dict(dataset.read(n, None).maps) for n in range(24)]
    exchanged = [(3, 17), (5, 11), (0, 8)]
    for one, other in exchanged:
        maps[one]["target"], maps[other]["target"] = maps[other]["target"], maps[one]["target"]
    prints = take_prints("train", Drawn(maps), spec.maps(), paired=True)
    said = [one for one in judge_split(prints) if one.kind == "mismatched"]
    found = {(one.at.index, one.other.index) for one in said if one.other}
    assert found <= {*exchanged, *((other, one) for one, other in exchanged)}
    assert len(found) >= 4
