"""LPIPS and DISTS: distances of two pictures by the features of a classifier of torchvision, with
the published heads that torchmetrics carries.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models

from gan_zoo.components import MeanOverPictures, Sample, UserError, format_size, on_meta, pretrained
from gan_zoo_metrics.features import DIGITS, Weights, exact, file_digest, three_channels
from gan_zoo_metrics.published_files import PublishedFile, heads_of_torchmetrics

# network: torchvision's name, the layers whose outputs count, the smallest side that reaches them.
NETWORKS = {
    "alex": ("alexnet", (1, 4, 7, 9, 11), 31),
    "vgg": ("vgg16", (3, 8, 15, 22, 29), 16),
    "squeeze": ("squeezenet1_1", (1, 4, 7, 9, 10, 11, 12), 17),
}
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of pictures in [-1, 1]
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of pictures in [0, 1]


class LearnedDistance(MeanOverPictures):
    """A distance of pictures by a network of which some outputs count.

    Args:
        network: A key of NETWORKS.
        file: Of its weights as published.
        said: Where the recipe says that they are.
        heads: The file in torchmetrics with what the outputs count.
        device: Where it computes.

    Raises:
        UserError: a file is absent, damaged or of another network.
    """

    def __init__(
        self, network: str, file: PublishedFile, said: str, heads: str, device: str
    ) -> None:
        super().__init__()
        name, self.taps, self.least = NETWORKS[network]
        with on_meta():
            layers: nn.Sequential = models.get_model(name, weights=None).features
        weights, path = Weights.read(file, said), heads_of_torchmetrics(heads)
        self.layers = layers[: self.taps[-1] + 1]
        inside = {key: f"features.{key}" for key in self.layers.state_dict()}
        weights.fill(self.layers, file.network, rename=inside)
        self.layers.to(device)
        self.heads = {key: held.to(device) for key, held in pretrained.read_weights(path).items()}
        self.device, self.judge = (
            device,
            {
                "network": name,
                "weights": weights.sha256[:DIGITS],
                "heads": file_digest(path)[:DIGITS],
            },
        )

    def protocol(self) -> Any:
        """The network, by digests of its weights and of what its outputs count."""
        return self.judge

    def score(self, generated: Tensor, real: Tensor, sample: Sample) -> float:
        """Of one picture.

        Raises:
            UserError: it is too small for the network.
        """
        if min(real.shape[-2:]) < self.least:
            raise UserError(
                f"{self.judge['network']} needs pictures of {self.least} pixels a side or more; "
                f"{sample.name} is {format_size(real.shape[-2:])}"
            )
        pair = [three_channels(x).to(self.device).float() / 255 for x in (generated, real)]
        with torch.inference_mode(), exact():
            return float(self.distance(*pair))

    @abstractmethod
    def distance(self, one: Tensor, other: Tensor) -> Tensor:
        """Of pictures `1 3 H W` in [0, 1]."""

    def outputs(self, x: Tensor) -> list[Tensor]:
        """Of the layers that count, `1 D H' W'` each."""
        found = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in self.taps:
                found.append(x)
        return found

    def per_channel(self, values: Sequence[float]) -> Tensor:
        """`3 1 1`, where it computes."""
        return torch.tensor(values, device=self.device)[:, None, None]


class LPIPS(LearnedDistance):
    """Learned perceptual image patch similarity (Zhang et al. 2018, eq. 1), version 0.1: squared
    differences of outputs of unit length, weighed by channel, averaged over places, summed over
    layers.
    """

    def distance(self, one: Tensor, other: Tensor) -> Tensor:
        """Of pictures `1 3 H W` in [0, 1]."""
        shift, scale = self.per_channel(SHIFT), self.per_channel(SCALE)
        ours, theirs = (self.outputs((2 * x - 1 - shift) / scale) for x in (one, other))
        total = torch.zeros((), device=self.device)
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            unit = [x / (x.square().sum(1, keepdim=True) + 1e-8).sqrt() for x in pair]
            weight = self.heads[f"lin{index}.model.1.weight"]  # 1 D 1 1
            apart = (unit[0] - unit[1]).square()
            total = total + functional.conv2d(apart, weight).mean()
        return total


class DISTS(LearnedDistance):
    """Deep image structure and texture similarity (Ding et al. 2020, eq. 5 to 7): 1 less how alike
    means (texture) and correlations (structure) are, by channel, of the picture and of VGG16's
    outputs with smooth pooling.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        for index, layer in enumerate(self.layers):
            if isinstance(layer, nn.MaxPool2d):
                self.layers[index] = SmoothPool()
        self.layers.to(self.device)

    def distance(self, one: Tensor, other: Tensor) -> Tensor:
        """Of pictures `1 3 H W` in [0, 1]."""
        mean, deviation = self.per_channel(MEAN), self.per_channel(DEVIATION)
        seen = [[x, *self.outputs((x - mean) / deviation)] for x in (one, other)]
        alpha, beta = self.heads["alpha"], self.heads["beta"]  # 1 C 1 1, all outputs in a row
        alike = [_alike(ours, theirs) for ours, theirs in zip(*seen, strict=True)]
        texture, structure = (torch.cat(parts, 1) for parts in zip(*alike, strict=True))
        return 1 - (alpha * texture + beta * structure).sum() / (alpha + beta).sum()


def _alike(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """How alike two outputs `1 D H W` are in texture and structure, `1 D 1 1` each."""
    c = 1e-6  # both constants of the paper's eq. 5 and 6
    m, n = (x.mean((2, 3), keepdim=True) for x in (one, other))
    v, w = ((x - y).square().mean((2, 3), keepdim=True) for x, y in ((one, m), (other, n)))
    both = (one * other).mean((2, 3), keepdim=True) - m * n
    return (2 * m * n + c) / (m * m + n * n + c), (2 * both + c) / (v + w + c)


class SmoothPool(nn.Module):
    """Halves: the root of a Hann window's mean of squares (Ding et al. 2020, eq. 3)."""

    def __init__(self) -> None:
        super().__init__()
        window = torch.from_numpy(np.hanning(5)[1:-1]).float()
        square = window[:, None] * window
        self.register_buffer("window", (square / square.sum())[None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`1 D H W -> 1 D H/2 W/2`."""
        window = self.get_buffer("window").expand(x.shape[1], 1, 3, 3)
        means = functional.conv2d(x.square(), window, stride=2, padding=1, groups=x.shape[1])
        return (means + 1e-12).sqrt()
