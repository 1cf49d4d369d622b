"""Structural similarity of 8-bit pictures `C H W` (Wang et al. 2004; 2003), in float64."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from gan_zoo.components import MeanOverPictures, Sample, UserError
from gan_zoo_metrics.ssim_sizes import EXPONENTS, WINDOW, describe_lack

SIGMA = 1.5  # of the Gaussian window, as published
_BELL = [math.exp(-((x - WINDOW // 2) ** 2) / (2 * SIGMA**2)) for x in range(WINDOW)]
WEIGHTS = [height / sum(_BELL) for height in _BELL]
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class StructuralSimilarity(MeanOverPictures):
    """SSIM: 1 is equal; higher is better."""

    def score(self, generated: Tensor, real: Tensor, sample: Sample) -> float:
        """The mean over channels and all places where the window lies within the picture.

        Raises:
            UserError: the picture has no room for the window.
        """
        _require_room(real, 1, sample)
        similarity, _ = _means(generated.double(), real.double())
        return similarity


class MultiscaleSimilarity(MeanOverPictures):
    """MS-SSIM: 1 is equal; higher is better.

    Args:
        scales: How many, 1 to 5; each is half as large as the one before.
    """

    def __init__(self, *, scales: int) -> None:
        super().__init__()
        chosen = EXPONENTS[:scales]
        total = 1 if scales == len(EXPONENTS) else sum(chosen)  # published, they add up to 1.0001
        self.exponents = [exponent / total for exponent in chosen]

    def score(self, generated: Tensor, real: Tensor, sample: Sample) -> float:
        """The product over scales of the mean structure, times the mean luminance of the coarsest.

        Raises:
            UserError: the picture has no room for the window at the coarsest scale.
        """
        _require_room(real, len(self.exponents), sample)
        ours, theirs = generated.double(), real.double()
        product = 1.0
        for scale, exponent in enumerate(self.exponents, start=1):
            similarity, structure = _means(ours, theirs)
            mean = similarity if scale == len(self.exponents) else structure
            product *= max(mean, 0.0) ** exponent  # a root of what is below 0 is no real number
            ours, theirs = _halve(ours), _halve(theirs)
        return product


def _means(ours: Tensor, theirs: Tensor) -> tuple[float, float]:
    """Pictures `C H W` -> the means of SSIM and of its structure, which leaves out luminance."""
    pictures = ours, theirs, ours * ours, theirs * theirs, ours * theirs
    mean_x, mean_y, xx, yy, xy = map(_blur, pictures)
    both = mean_x * mean_y
    squares = mean_x.square() + mean_y.square()
    structure = (2 * (xy - both) + C2) / (xx + yy - squares + C2)
    similarity = (2 * both + C1) / (squares + C1) * structure
    return similarity.mean().item(), structure.mean().item()


def _blur(pictures: Tensor) -> Tensor:
    """`B H W -> B H-10 W-10`: means under the window. A sum of shifted pictures takes a fifth of
    the time of a convolution in float64.
    """
    for dim in (-2, -1):
        length = pictures.shape[dim] - WINDOW + 1
        parts = (pictures.narrow(dim, start, length) for start in range(WINDOW))
        blurred = next(parts) * WEIGHTS[0]
        for part, weight in zip(parts, WEIGHTS[1:], strict=True):
            blurred.add_(part, alpha=weight)
        pictures = blurred
    return pictures


def _halve(picture: Tensor) -> Tensor:
    """Means of 2x2; of an odd side the last row is left out, as torchmetrics does."""
    return F.avg_pool2d(picture, 2)


def _require_room(picture: Tensor, scales: int, sample: Sample) -> None:
    """Refuse a picture that is smaller than the window.

    Raises:
        UserError: with the cure.
    """
    height, width = picture.shape[-2:]
    if lack := describe_lack((height, width), scales):
        raise UserError(f"{sample.files[0]}: {lack}")
