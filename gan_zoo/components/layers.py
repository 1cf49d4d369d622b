"""Layers that networks of several plugins share because they are truly the same."""

from __future__ import annotations

import copy
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components.norms import norm_layer
from gan_zoo.components.spec import Norm


def conv_norm_activation(
    conv: nn.Module, norm: Norm, channels: int, activation: nn.Module | None = None
) -> nn.Sequential:
    """Convolution, norm, activation. ReLU and LeakyReLU take the place of what a norm or a
    convolution made, which neither needs for its gradient; a hook on these sees it overwritten.

    Args:
        conv: The convolution, or what doubles the sides.
        norm: What follows it.
        channels: That it makes.
        activation: What follows the norm, of which a copy is taken; ReLU if absent.
    """
    last = nn.ReLU() if activation is None else copy.copy(activation)
    fresh = norm != "none" or isinstance(conv, nn.Conv2d | nn.ConvTranspose2d)
    if fresh and isinstance(last, nn.ReLU | nn.LeakyReLU):
        last.inplace = True
    return nn.Sequential(OrderedDict(conv=conv, norm=norm_layer(norm, channels), activation=last))


def halve(x: Tensor) -> Tensor:
    """The next level of a pyramid; beyond the border there is nothing to average, as published.
    `B C H W -> B C H/2 W/2`, sides rounded up. Half comes back as float32: what is averaged again
    would be rounded twice.
    """
    if not x.shape[1]:  # no condition is seen, and averaging refuses no channels
        return x[..., ::2, ::2]
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    return F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
