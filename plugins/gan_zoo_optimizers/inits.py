"""Filling fresh networks, in place, from torch's default generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

WEIGHTED = (
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
    nn.Linear,
)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def fill(
    network: nn.Module,
    *,
    draw: Callable[[Tensor], object],
    bias: Literal["zero", "framework"],
    scale: float,
) -> None:
    """Fill convolutions and linear layers by `draw`, batch norms by N(1, scale) and 0.

    Layers of other types keep what they have.

    Args:
        network: Where to look, itself included.
        draw: Fills a weight.
        bias: What biases get; batch norm's are zero either way.
        scale: Standard deviation of batch norm's scales.
    """
    for layer in network.modules():
        if isinstance(layer, WEIGHTED):
            weight = learned_weight(layer)
            draw(weight)
            if layer.bias is not None:
                fill_bias(layer.bias, weight, bias)
        elif isinstance(layer, BATCH_NORMS) and layer.affine:
            nn.init.normal_(layer.weight, 1.0, scale)
            nn.init.zeros_(layer.bias)


def fill_bias(bias: Tensor, weight: Tensor, how: Literal["zero", "framework"]) -> None:
    """Zero, or drawn anew as torch does: uniform in +-1 / sqrt(inputs of one output).

    pix2pixHD leaves the biases that torch drew at construction; drawing them here gives the same
    distribution, and makes all fresh weights come from the seed of this moment.
    """
    if how == "zero":
        nn.init.zeros_(bias)
    else:
        # weight[0] is not one output's inputs for a transposed convolution; torch counts so too
        bound = 1 / math.sqrt(weight[0].numel())
        nn.init.uniform_(bias, -bound, bound)


def learned_weight(layer: nn.Module) -> Tensor:
    """The weight that learns. Under spectral norm `layer.weight` is computed from it, and what
    is filled into that is lost.
    """
    if is_parametrized(layer, "weight"):
        return layer.parametrizations.weight.original  # type: ignore[union-attr, return-value]
    return layer.weight  # type: ignore[return-value]
