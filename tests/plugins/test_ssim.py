"""SSIM and MS-SSIM are those of scikit-image and torchmetrics, to 1e-6."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.components import ContractError, Image, Metric, Sample, UserError
from gan_zoo.testing import metrics
from gan_zoo_metrics.specs import MSSSIMSpec, SSIMSpec
from gan_zoo_metrics.ssim import _means

SIZES = ((64, 64), (48, 81), (97, 65), (45, 64), (101, 53))
LARGE = ((176, 176), (177, 192), (199, 176), (183, 181), (178, 179))
CLOSE = 1e-6


def pairs(sizes: tuple[tuple[int, int], ...]) -> Iterator[tuple[Tensor, Tensor]]:
    """Twenty pairs of smooth pictures and noisy, shifted or inverted ones, RGB and grey."""
    draw = torch.Generator().manual_seed(0)
    for number in range(20):
        height, width = sizes[number % len(sizes)]
        channels = 1 if number % 4 == 3 else 3
        coarse = torch.rand(1, channels, 6, 7, generator=draw) * 255
        real = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)[0]
        noise = torch.randn(real.shape, generator=draw) * 2 ** (number % 6)
        made = real.roll(number % 3, dims=2) + noise
        if number in (7, 13):
            made = 255 - made  # structure below 0
        yield tuple(one.round().clamp(0, 255).to(torch.uint8) for one in (made, real))  # type: ignore[misc]


def sample(real: Tensor) -> Sample:
    return Sample("one", ("one.png",), {"target": real})


def score(spec: SSIMSpec | MSSSIMSpec, made: Tensor, real: Tensor) -> float:
    metric: Metric = spec.build(metrics.context())
    metric.update(made, real, sample(real))
    found = metric.compute()
    assert isinstance(found, float)
    return found


def other(module: str, function: str) -> Any:
    """Of a package that the extra `dev` has."""
    pytest.importorskip(module.partition(".")[0], reason=f"compares with {module}; pip install it")
    return getattr(importlib.import_module(module), function)


def test_ssim_is_that_of_scikit_image() -> None:
    theirs = other("skimage.metrics", "structural_similarity")
    for made, real in pairs(SIZES):
        # It takes the mean where the window lies within the picture, by itself.
        channels = [
            theirs(
                real[channel].numpy().astype(np.float64),
                made[channel].numpy().astype(np.float64),
                gaussian_weights=True,
                use_sample_covariance=False,
                sigma=1.5,
                data_range=255,
            )
            for channel in range(len(real))
        ]
        assert score(SSIMSpec(), made, real) == pytest.approx(np.mean(channels), abs=CLOSE)


def of_torchmetrics(made: Tensor, real: Tensor, *, structure: bool = False) -> float:
    """SSIM, or its structure alone. torchmetrics reflects the picture at its sides and counts what
    it makes of that, in SSIM though not in structure; its map is cut to the window's places here.
    """
    theirs = other("torchmetrics.functional.image", "structural_similarity_index_measure")
    both = made[None].double(), real[None].double()
    which = "return_contrast_sensitivity" if structure else "return_full_image"
    _, found = theirs(*both, sigma=1.5, data_range=255.0, **{which: True})
    mean: float = (found if structure else found[..., 5:-5, 5:-5]).mean().item()
    return mean


def test_ssim_is_that_of_torchmetrics() -> None:
    for made, real in pairs(SIZES):
        found = of_torchmetrics(made, real)
        assert score(SSIMSpec(), made, real) == pytest.approx(found, abs=CLOSE)


@pytest.mark.parametrize(("scales", "sizes"), [(5, LARGE), (3, SIZES)])
def test_ms_ssim_is_that_of_torchmetrics(scales: int, sizes: tuple[tuple[int, int], ...]) -> None:
    exponents = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333][:scales])
    if scales < 5:
        exponents /= exponents.sum()
    values = []
    for made, real in pairs(sizes):
        ours, theirs, product = made.double(), real.double(), 1.0
        for scale, exponent in enumerate(exponents, start=1):
            product *= max(of_torchmetrics(ours, theirs, structure=scale < scales), 0) ** exponent
            ours, theirs = F.avg_pool2d(ours, 2), F.avg_pool2d(theirs, 2)
        values.append(score(MSSSIMSpec(scales=scales), made, real))
        assert values[-1] == pytest.approx(product, abs=CLOSE)
    assert min(values) == 0  # of an inverted picture
    assert max(values) > 0.99  # they are not all alike


def test_one_scale_is_ssim_itself() -> None:
    for made, real in pairs(SIZES):
        one, plain = score(MSSSIMSpec(scales=1), made, real), score(SSIMSpec(), made, real)
        assert one == pytest.approx(max(plain, 0), abs=1e-12)


@pytest.mark.parametrize("spec", [SSIMSpec(), MSSSIMSpec(scales=2), MSSSIMSpec(scales=1)])
def test_plain_pictures_score_by_their_luminance_alone(spec: SSIMSpec | MSSSIMSpec) -> None:
    """(2 x y + C1) / (x^2 + y^2 + C1), which MS-SSIM raises to the last exponent."""
    made, real = torch.full((3, 40, 50), 100, dtype=torch.uint8), torch.zeros(3, 40, 50).byte()
    c1 = (0.01 * 255) ** 2
    exponent = 0.2856 / (0.0448 + 0.2856) if spec == MSSSIMSpec(scales=2) else 1
    assert score(spec, made, real) == pytest.approx((c1 / (100**2 + c1)) ** exponent, abs=1e-12)
    assert score(spec, made, made) == pytest.approx(1, abs=1e-12)


def test_an_odd_row_is_left_out_between_scales() -> None:
    real = (torch.arange(45 * 45).reshape(1, 45, 45) % 251).to(torch.uint8)
    made = real.flip(2)
    whole = score(MSSSIMSpec(scales=2), made, real)
    x, y = made[:, :44, :44], real[:, :44, :44]
    small = [F.avg_pool2d(one.double(), 2) for one in (x, y)]
    fine, coarse = _means(made.double(), real.double())[1], _means(small[0], small[1])[0]
    first, second = 0.0448 / 0.3304, 0.2856 / 0.3304
    assert whole == pytest.approx(max(fine, 0) ** first * max(coarse, 0) ** second, abs=1e-12)


@pytest.mark.parametrize(
    ("spec", "size", "cure"),
    [
        (SSIMSpec(), (64, 10), "sides of 11 or more"),
        (MSSSIMSpec(), (64, 175), "set scales to 3"),
        (MSSSIMSpec(scales=2), (8, 175), "leave it out"),
    ],
)
def test_small_pictures_are_refused_with_the_cure(
    spec: SSIMSpec | MSSSIMSpec, size: tuple[int, int], cure: str
) -> None:
    with pytest.raises(ContractError, match=cure):
        spec.check({"source": Image(1, 8, 8), "target": Image(3, *size)})
    picture = torch.zeros(3, *size, dtype=torch.uint8)
    with pytest.raises(UserError, match=f"one.png: a picture of {size[0]}x{size[1]} came.*{cure}"):
        score(spec, picture, picture)
    spec.check({"source": Image(1, None, 8), "target": Image(3, *size)})  # only the data knows
    spec.check({"source": Image(1, 8, 8), "target": Image(3, 176, 176)})


def test_the_score_is_the_mean_of_the_pictures() -> None:
    metric: Any = SSIMSpec().build(metrics.context())
    apart = []
    for made, real in pairs(SIZES):
        metric.update(made, real, sample(real))
        apart.append(score(SSIMSpec(), made, real))
    assert metric.values() == tuple(apart)
    assert metric.compute() == pytest.approx(np.mean(apart), abs=1e-12)
