"""What is measured of a run's pictures and of its discriminator: numbers without an opinion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.components import as_8bit

STRIDES = (2, 4, 8)  # of upsampling, in pixels
WINDOW, INSIDE = 15, 7  # a spot lies in the inner square, what it is compared with around that
OUTLIER = 6.0  # deviations that make it one
MARGIN = 4  # pixels at the sides
FLATTEST = 4.0  # 8-bit values; a deviation below is taken for this
NEAR = 32  # the side to which pictures are shrunk to find copies
COPY = 0.5  # of the distance to its own target: a copy is nearer to another


class Pattern(NamedTuple):
    """A regular pattern in outputs.

    Args:
        stride: Its period in pixels.
        ratio: How far it stands out of its neighbors in the spectrum, over the same in targets.
        amplitude: In 8-bit values.
    """

    stride: int
    ratio: float
    amplitude: float


class Spot(NamedTuple):
    """A place that is an outlier in many outputs.

    Args:
        x: Its column.
        y: Its row.
        outputs: Share of the outputs that have it.
        targets: Share of the targets that do.
    """

    x: int
    y: int
    outputs: float
    targets: float


def separation(real: Sequence[Tensor], fake: Sequence[Tensor]) -> tuple[float, float, float]:
    """How well a discriminator tells real from fake: the right shares of the real and of the fake
    logits against the middle between their means, and the margin between these; means over scales.

    Args:
        real: Logits of each scale, of any shape.
        fake: The same of generated pictures.
    """
    found = []
    for ours, theirs in zip(real, fake, strict=True):
        ours, theirs = ours.double().flatten(), theirs.double().flatten()
        middle = (ours.mean() + theirs.mean()) / 2
        right = [(ours > middle).double().mean(), (theirs < middle).double().mean()]
        found.append(torch.stack([*right, ours.mean() - theirs.mean()]))
    on_real, on_fake, margin = torch.stack(found).mean(dim=0).tolist()
    return on_real, on_fake, margin


def mean_logit(views: Sequence[Tensor]) -> float:
    """The mean of means over scales."""
    return torch.stack([view.double().mean() for view in views]).mean().item()


def spread(pictures: Tensor) -> float:
    """Mean absolute difference of two of these pictures `N C H W`, over all pairs."""
    flat = pictures.float().flatten(1)
    count = len(flat)
    total = sum((flat[n + 1 :] - flat[n]).abs().mean(dim=1).sum() for n in range(count - 1))
    return float(total) / max(1, count * (count - 1) // 2)


def strongest_pattern(outputs: Tensor, targets: Tensor) -> Pattern:
    """The pattern of a stride that stands out most in outputs, against targets (Odena et al. 2016;
    in the spectrum as Durall et al. 2020).

    Args:
        outputs: Pictures `N C H W` in 8-bit values.
        targets: The same ones as they should be.
    """
    made, real = _spectrum(outputs), _spectrum(targets)
    patterns = [Pattern(0, 0.0, 0.0)]
    for stride in STRIDES:
        if min(made.shape) < 4 * stride:
            continue
        for at in ((1, 0), (0, 1), (1, 1)):
            place = tuple(side // stride * step for side, step in zip(made.shape, at, strict=True))
            ratio = _height(made, place) / max(_height(real, place), 1.0)
            patterns.append(Pattern(stride, ratio, 2 * float(made[place])))
    return max(patterns, key=lambda pattern: pattern.ratio)


def _spectrum(pictures: Tensor) -> np.ndarray:
    """Amplitudes `H W` of the brightness, root mean square over pictures."""
    grey = pictures.double().mean(dim=1)
    height, width = (side - side % max(STRIDES) for side in grey.shape[-2:])
    if not height or not width:
        return np.zeros((1, 1))
    grey = grey[:, :height, :width]
    grey = grey - grey.mean(dim=(1, 2), keepdim=True)
    power = torch.fft.fft2(grey).abs().square().mean(dim=0)
    found: np.ndarray = (power.sqrt() / (height * width)).numpy()
    return found


def _height(spectrum: np.ndarray, place: tuple[int, ...]) -> float:
    """How far a bin stands out of those around it."""
    around = []
    for row in range(-3, 4):
        for column in range(-3, 4):
            if max(abs(row), abs(column)) > 1:
                at = (place[0] + row) % spectrum.shape[0], (place[1] + column) % spectrum.shape[1]
                if at[0] and at[1]:  # the axes hold what every picture with edges has
                    around.append(spectrum[at])
    level = float(np.sqrt(np.mean(np.square(around)))) if around else 0.0
    return float(spectrum[place]) / max(level, 1e-3)


def common_spot(outputs: Tensor, targets: Tensor) -> Spot:
    """The place that is a local outlier in most outputs, give or take a pixel; the sides, which are
    the padding's, are left out.

    Args:
        outputs: Pictures `N C H W` in 8-bit values.
        targets: The same ones as they should be.
    """
    made, real = _outliers(outputs), _outliers(targets)
    inner = (slice(None), slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))
    shares, known = made[inner].mean(dim=0), real[inner].mean(dim=0)
    if not shares.numel():
        return Spot(0, 0, 0.0, 0.0)
    y, x = divmod(int((shares - known).argmax()), shares.shape[1])
    return Spot(x + MARGIN, y + MARGIN, float(shares[y, x]), float(known[y, x]))


def _outliers(pictures: Tensor) -> Tensor:
    """`N H W`: 1 where a pixel, or one next to it, is far from the ring around it."""
    grey = pictures.float().mean(dim=1, keepdim=True)
    if min(grey.shape[-2:]) <= WINDOW // 2:
        return torch.zeros_like(grey[:, 0])
    count = WINDOW**2 - INSIDE**2
    mean = (_sum(grey, WINDOW) - _sum(grey, INSIDE)) / count
    square = (_sum(grey.square(), WINDOW) - _sum(grey.square(), INSIDE)) / count
    deviation = (square - mean.square()).clamp_min(0).sqrt().clamp_min(FLATTEST)
    far = ((grey - mean).abs() > OUTLIER * deviation).float()
    return F.max_pool2d(far, 3, 1, padding=1)[:, 0]


def _sum(grey: Tensor, side: int) -> Tensor:
    """Over a square around every pixel."""
    padded = F.pad(grey, (side // 2,) * 4, mode="reflect")
    return F.avg_pool2d(padded, side, 1) * side**2


def copied_share(outputs: Tensor, targets: Tensor, training: Tensor) -> float:
    """Share of outputs that are nearer to some training target than half the way to their own, and
    than half as near as real pictures come to one; all seen small.

    Args:
        outputs: Pictures `N C H W` in 8-bit values.
        targets: The same ones as they should be.
        training: Training targets as `shrunk` makes them, `M D`.
    """
    made, real = shrunk(outputs), shrunk(targets)
    nearest, usual = (torch.cdist(ones, training, p=1).min(dim=1).values for ones in (made, real))
    own = (made - real).abs().sum(dim=1)
    return float((nearest < COPY * torch.minimum(own, usual.median())).double().mean())


def shrunk(pictures: Tensor) -> Tensor:
    """Pictures `N C H W` -> small ones as vectors `N D`."""
    return F.adaptive_avg_pool2d(pictures.float(), NEAR).flatten(1)


def stacked(made: Sequence[Tensor], real: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Pictures `C H W` of two kinds -> `N C H W` of each, in 8 bits, cut to what all have."""
    both = [*made, *real]
    height, width = (min(picture.shape[dim] for picture in both) for dim in (-2, -1))
    cut = [as_8bit(picture[:, :height, :width]) for picture in both]
    return torch.stack(cut[: len(made)]), torch.stack(cut[len(made) :])
