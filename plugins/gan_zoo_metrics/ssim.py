"""Structural similarity of 8-bit pictures `C H W` (Wang et al. 2004; 2003), in float64."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.components import MeanOverPictures, Sample, UserError
from gan_zoo_metrics.ssim_sizes import EXPONENTS, WINDOW, describe_lack

SIGMA = 1.5  # of the Gaussian window, as published
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
        self.exponents = [exponent / sum(chosen) for exponent in chosen]

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
    x, y = ours[:, None], theirs[:, None]  # C 1 H W: channels do not mix
    blurred = _blur(torch.cat([x, y, x * x, y * y, x * y]))
    mean_x, mean_y, xx, yy, xy = blurred.chunk(5)
    both = mean_x * mean_y
    squares = mean_x.square() + mean_y.square()
    structure = (2 * (xy - both) + C2) / (xx + yy - squares + C2)
    similarity = (2 * both + C1) / (squares + C1) * structure
    return similarity.mean().item(), structure.mean().item()


def _blur(pictures: Tensor) -> Tensor:
    """`B 1 H W -> B 1 H-10 W-10`: means under the window."""
    window = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    window = (-window.square() / (2 * SIGMA**2)).exp()
    window = (window / window.sum()).to(pictures.device)
    down = F.conv2d(pictures, window.reshape(1, 1, -1, 1))
    return F.conv2d(down, window.reshape(1, 1, 1, -1))


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
