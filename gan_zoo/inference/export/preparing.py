"""Copies of networks as a graph holds them: norms of each picture's own, plain weights, half."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize


class OwnStatistics(nn.Module):
    """Batch norm with the statistics of each picture: a run makes one picture at a time, so that
    these are the batch's. `B C ... -> B C ...`, for any number of pictures.

    Args:
        norm: Whose scale and shift it has.
    """

    def __init__(self, norm: _BatchNorm) -> None:
        super().__init__()
        self.channels, self.eps = norm.num_features, norm.eps
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, x: Tensor) -> Tensor:
        """Normalize every channel of every picture, then scale and shift."""
        return F.group_norm(x, self.channels, self.weight, self.bias, self.eps)


class Widened(nn.Module):
    """A weight that is kept in half, as networks compute with it."""

    def forward(self, weight: Tensor) -> Tensor:
        """To float32."""
        return weight.float()


def copied(module: nn.Module, *, half: bool) -> nn.Module:
    """A module of its own that computes the same.

    Args:
        module: Set to inference.
        half: Weights with two dimensions or more are kept in float16, and computed with in float32:
            they are most of a file, while statistics and biases need the digits.
    """
    made = copy.deepcopy(module)
    for layer in list(made.modules()):
        if parametrize.is_parametrized(layer):
            _settle(layer)
    made = _with_own_statistics(made)
    for layer in list(made.modules()) if half else ():
        for name, weight in list(layer.named_parameters(recurse=False)):
            if weight.dtype == torch.float32 and weight.ndim > 1:
                narrow = nn.Parameter(weight.detach().half(), requires_grad=False)
                setattr(layer, name, narrow)
                parametrize.register_parametrization(layer, name, Widened(), unsafe=True)
    return made.requires_grad_(False)


def is_own(layer: nn.Module) -> bool:
    """Whether it is a batch norm that computes each picture's own statistics."""
    return isinstance(layer, _BatchNorm) and layer.training


def _settle(layer: nn.Module) -> None:
    """Turn weights that are computed anew for every call, as by spectral norm, into plain ones.
    torch's own way takes them from the class of the layer, which a copy shares with the original.
    """
    parametrized: nn.ModuleDict = layer.parametrizations  # type: ignore[assignment]
    found = {name: getattr(layer, name).detach().clone() for name in parametrized}
    plain = parametrize.type_before_parametrizations(layer)
    del layer.parametrizations
    layer.__class__ = plain
    for name, weight in found.items():
        layer.register_parameter(name, nn.Parameter(weight))


def _with_own_statistics(module: nn.Module) -> nn.Module:
    if is_own(module):
        assert isinstance(module, _BatchNorm)
        return OwnStatistics(module)
    for name, inner in list(module.named_children()):
        if (made := _with_own_statistics(inner)) is not inner:
            setattr(module, name, made)
    return module
