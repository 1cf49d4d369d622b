"""Histograms of colors in CIE Lab (Isola et al. 2017, sec. 4.2 and fig. 7)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from gan_zoo.components import Sample, UserError

FIELDS = ("L", "a", "b")
LOWEST, BINS = -128, 257  # whole numbers from -128 to 128, which hold all that sRGB has

# sRGB (IEC 61966-2-1), linear -> CIE XYZ; and its white, D65 seen by the observer of 2 degrees.
TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
WHITE = (0.95047, 1.0, 1.08883)


def to_lab(picture: Tensor) -> Tensor:
    """8-bit sRGB `3 H W` -> CIE Lab `3 H W`, float64: L from 0 to 100, a and b around 0."""
    levels = torch.arange(256, dtype=torch.float64) / 255
    linear = torch.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    rgb = linear.to(picture.device)[picture.long()]
    xyz = torch.stack(
        [
            sum(factor * channel for factor, channel in zip(row, rgb, strict=True)) / white
            for row, white in zip(TO_XYZ, WHITE, strict=True)
        ]
    )
    x, y, z = torch.where(xyz > (6 / 29) ** 3, xyz ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


class LabHistogram:
    """The share that the histograms of all outputs and of all targets have in common, by channel: 1
    is the same colors, equally often; higher is better. Counts are whole numbers, so that neither
    the order nor the number of pictures costs precision.
    """

    def __init__(self) -> None:
        self.ours = torch.zeros(len(FIELDS), BINS, dtype=torch.int64)
        self.theirs = self.ours.clone()

    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None:
        """Count the pixels of one picture and of its target.

        Raises:
            UserError: they have other than 1 or 3 channels.
        """
        if len(real) not in (1, 3):
            raise UserError(
                f"{sample.files[0]}: {len(real)} channels came; colors need 3, or 1 as grey. Leave "
                "lab_histogram out"
            )
        self.ours += _counts(generated)
        self.theirs += _counts(real)

    def compute(self) -> Mapping[str, float]:
        """The intersection of the normalized histograms, from 0 to 1."""
        common = torch.minimum(self.ours, self.theirs).sum(1).tolist()
        pixels = int(self.theirs[0].sum())
        shares = [one / pixels if pixels else math.nan for one in common]
        return dict(zip(FIELDS, shares, strict=True))


def _counts(picture: Tensor) -> Tensor:
    """`C H W -> 3 bins`. The bins lie around whole numbers: grey, where a and b are all but 0, has
    one of its own, whatever the last bits are.
    """
    rounded = to_lab(picture.expand(3, -1, -1)).round().long().flatten(1) - LOWEST
    return torch.stack([torch.bincount(channel, minlength=BINS) for channel in rounded.cpu()])
