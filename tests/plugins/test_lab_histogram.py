"""The colors of outputs and of targets, as histograms in CIE Lab."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gan_zoo.components import Sample, UserError
from gan_zoo.testing import metrics
from gan_zoo_metrics.lab_histogram import to_lab
from gan_zoo_metrics.specs import LabHistogramSpec


def scored(*pairs: tuple[Tensor, Tensor]) -> dict[str, float]:
    metric: Any = LabHistogramSpec().build(metrics.context())
    for made, real in pairs:
        metric.update(made, real, Sample("one", ("one.png",), {"target": real}))
    found: dict[str, float] = metric.compute()
    return found


def plain(*color: int, height: int = 6, width: int = 7) -> Tensor:
    return torch.tensor(color, dtype=torch.uint8)[:, None, None].expand(-1, height, width)


def noise(seed: int) -> Tensor:
    return torch.randint(256, (3, 40, 30), generator=torch.Generator().manual_seed(seed)).byte()


def test_colors_are_those_of_scikit_image() -> None:
    color = pytest.importorskip(
        "skimage.color", reason="compares with scikit-image; pip install it"
    )
    steps = torch.arange(0, 256, 5).byte()
    rgb = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij")).flatten(2)  # 3 52 2704
    theirs = color.rgb2lab(rgb.permute(1, 2, 0).numpy())
    ours = to_lab(rgb).permute(1, 2, 0).numpy()
    apart, bright = np.abs(ours - theirs), (rgb > 60).all(0).numpy()
    assert apart[bright].max() < 1e-9
    assert apart.max() < 2e-4  # of dark colors: there it rounds the constants of CIE
    assert -128 < ours[..., 1:].min() < -100
    assert 90 < ours[..., 1:].max() < 128  # there is a bin for all


@pytest.mark.parametrize(
    ("color", "lab"),
    [  # of the published conversion, to the bins' width
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53, 80, 67)),
        ((0, 255, 0), (88, -86, 83)),
        ((0, 0, 255), (32, 79, -108)),
    ],
)
def test_corners_of_srgb(color: tuple[int, int, int], lab: tuple[int, int, int]) -> None:
    assert tuple(to_lab(plain(*color))[:, 0, 0].round().int().tolist()) == lab


def test_equal_colors_score_1_wherever_they_are() -> None:
    real = noise(0)
    elsewhere = real.flatten(1)[:, torch.randperm(1200, generator=torch.Generator().manual_seed(1))]
    assert scored((real, real)) == {"L": 1, "a": 1, "b": 1}
    assert scored((elsewhere.reshape(real.shape), real)) == {"L": 1, "a": 1, "b": 1}


def test_black_and_white_share_no_lightness_but_being_grey() -> None:
    assert scored((plain(0, 0, 0), plain(255, 255, 255))) == {"L": 0, "a": 1, "b": 1}


def test_grey_pictures_are_seen_as_such() -> None:
    levels = torch.arange(256).byte().reshape(1, 16, 16)
    assert scored((levels.flip(1), levels.expand(1, -1, -1))) == {"L": 1, "a": 1, "b": 1}
    color, grey = (
        scored((levels.expand(3, -1, -1), levels.expand(3, -1, -1))),
        scored((levels, levels)),
    )
    assert color == grey


def test_it_is_the_share_of_pixels_in_common() -> None:
    """A quarter of the pixels is red where the targets are all white."""
    made = plain(255, 255, 255, height=4).clone()
    made[:, 0] = plain(255, 0, 0)[:, 0]
    assert scored((made, plain(255, 255, 255, height=4))) == {"L": 0.75, "a": 0.75, "b": 0.75}


def test_histograms_are_of_all_pictures() -> None:
    """Colors of other pictures count as well: sets are compared."""
    red, blue = plain(255, 0, 0), plain(0, 0, 255)
    assert scored((red, blue), (blue, red)) == {"L": 1, "a": 1, "b": 1}
    assert scored((red, blue))["b"] == 0


def test_no_picture_has_no_value_and_others_are_refused() -> None:
    assert all(map(math.isnan, scored().values()))
    two = torch.zeros(2, 8, 8, dtype=torch.uint8)
    with pytest.raises(UserError, match=r"one.png: 2 channels came"):
        scored((two, two))
