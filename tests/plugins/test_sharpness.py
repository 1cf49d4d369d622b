"""Sharpness: the strength of gradients beside the target's, everywhere or at borders."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.components import ContractError, Image, Sample
from gan_zoo.testing import metrics
from gan_zoo_metrics.specs import SharpnessSpec

AT_BORDERS = SharpnessSpec(where="borders")
IDS = {"instance": Image(1, 8, 8, instances=9), "target": Image(3, 8, 8)}


def scored(spec: SharpnessSpec, made: Tensor, real: Tensor, ids: Tensor | None = None) -> Any:
    metric: Any = spec.build(metrics.context())
    maps = {"target": real} if ids is None else {"target": real, "instance": ids}
    metric.update(made, real, Sample("one", ("one.png",), maps))
    return metric


def picture(*columns: int) -> Tensor:
    """Grey columns, `1 4 W`."""
    return torch.tensor(columns, dtype=torch.uint8).expand(1, 4, -1).contiguous()


def noise(*shape: int) -> Tensor:
    return torch.randint(0, 120, shape, generator=torch.Generator().manual_seed(0)).byte()


def test_equal_pictures_and_shifted_values_score_1() -> None:
    real = noise(3, 20, 30)
    assert scored(SharpnessSpec(), real, real).compute() == 1
    assert scored(SharpnessSpec(), real + 100, real).compute() == 1


def test_contrast_is_a_factor() -> None:
    real = noise(3, 20, 30)
    assert scored(SharpnessSpec(), real * 2, real).compute() == pytest.approx(2)


def test_a_plain_picture_scores_0_and_a_plain_target_has_no_value() -> None:
    plain, real = torch.full((3, 9, 9), 7, dtype=torch.uint8), noise(3, 9, 9)
    assert scored(SharpnessSpec(), plain, real).compute() == 0
    metric = scored(SharpnessSpec(), real, plain)
    assert math.isnan(metric.values()[0])
    metric.update(real, real, Sample("two", ("two.png",), {}))
    assert metric.compute() == 1  # what has no value does not count


def test_by_hand() -> None:
    """Steps of 3 right and 4 down have the length 5."""
    real = torch.tensor([[[0, 3], [4, 9]]], dtype=torch.uint8)
    made = torch.tensor([[[0, 0], [10, 0]]], dtype=torch.uint8)
    assert scored(SharpnessSpec(), made, real).compute() == pytest.approx(10 / 5)


def test_lost_texture_is_smoother_and_noise_sharper() -> None:
    real = noise(3, 64, 64)
    blurred = F.avg_pool2d(F.pad(real.float(), (2, 2, 2, 2), mode="reflect"), 5, 1).byte()
    noisy = (real.int() + noise(3, 128, 128)[:, 64:, 64:].int()).byte()
    assert scored(SharpnessSpec(), blurred, real).compute() < 0.1
    # The variances of two noises of one strength add up.
    assert scored(SharpnessSpec(), noisy, real).compute() == pytest.approx(2**0.5, abs=0.03)


def test_a_smeared_edge_counts_as_before_but_not_at_borders() -> None:
    """The steps add up to the same height, over more pixels than lie next to the border."""
    real, made = picture(0, 0, 0, 0, 90, 90, 90, 90, 90), picture(0, 0, 18, 36, 54, 72, 90, 90, 90)
    ids = picture(1, 1, 1, 1, 2, 2, 2, 2, 2).int()
    assert scored(SharpnessSpec(), made, real).compute() == pytest.approx(1)
    assert scored(AT_BORDERS, made, real, ids).compute() == pytest.approx((18 + 18) / 90)


def test_at_borders_only_their_neighbors_count() -> None:
    real = picture(0, 9, 9, 100, 109, 109, 109)
    ids = picture(1, 1, 1, 2, 2, 2, 2).int()  # the border's columns are 2 and 3
    far, near = picture(0, 90, 0, 91, 100, 0, 90), picture(0, 9, 9, 59, 68, 68, 68)
    assert scored(AT_BORDERS, real, real, ids).compute() == 1
    assert scored(AT_BORDERS, far, real, ids).compute() == pytest.approx((91 + 9) / (91 + 9))
    assert scored(AT_BORDERS, near, real, ids).compute() == pytest.approx((50 + 9) / (91 + 9))
    assert scored(SharpnessSpec(), far, real).compute() > 2


def test_pictures_without_a_border_have_no_value_and_do_not_count() -> None:
    real, one = noise(1, 4, 7), torch.ones(1, 4, 7).int()
    metric = scored(AT_BORDERS, real, real, one)
    assert math.isnan(metric.compute())
    ids = picture(1, 1, 1, 2, 2, 2, 2).int()
    metric.update(real * 2, real, Sample("two", ("two.png",), {"instance": ids}))
    assert metric.compute() == pytest.approx(2)
    assert [math.isnan(value) for value in metric.values()] == [True, False]


def test_it_asks_for_ids_at_borders_only() -> None:
    assert SharpnessSpec().asks() == ()
    assert AT_BORDERS.asks() == ("instance",)
    AT_BORDERS.check(IDS)
    with pytest.raises(ContractError, match=r"'target' holds colors.*instance"):
        SharpnessSpec(where="borders", instances="target").check(IDS)
    SharpnessSpec(instances="target").check(IDS)
