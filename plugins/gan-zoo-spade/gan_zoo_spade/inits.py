"""First weights as the published networks have them."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrize import is_parametrized


def fill(network: nn.Module, *, gain: float) -> None:
    """Xavier's normal weights (Glorot and Bengio 2010) for convolutions and linear layers, zero for
    their biases. Weights under spectral norm keep what they were built with.

    Args:
        network: Where to look, itself included.
        gain: Factor of the deviation.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            if not is_parametrized(layer, "weight"):
                nn.init.xavier_normal_(layer.weight, gain=gain)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
