"""Layers that networks of several plugins share because they are truly the same."""

from __future__ import annotations

import copy
from collections import OrderedDict

import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components.spec import Norm

GROUPS = 32  # of group norm, as published


class InstanceNorm(nn.Module):
    """Instance normalization without affine and running statistics (Ulyanov et al. 2016).

    `B C H W -> B C H W`. Written over group norm with one channel a group: torch's InstanceNorm2d
    gives wrong gradients on the CPU at batch 1 where the incoming gradient is channels_last.

    Args:
        channels: C.
        eps: Added to the variance.
    """

    def __init__(self, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels = channels
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalize every channel of every picture by its own mean and variance."""
        return F.group_norm(x, self.channels, eps=self.eps)

    def extra_repr(self) -> str:
        """As the framework's own norms print themselves."""
        return f"{self.channels}, eps={self.eps}"


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """The norm that a recipe names.

    Batch norm and group norm (Wu & He 2018) are the framework's with its defaults, which scale and
    shift; the groups are `groups_of(channels)`.
    """
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    if norm == "group":
        return nn.GroupNorm(group_count(channels), channels)
    return InstanceNorm(channels) if norm == "instance" else nn.Identity()


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


def group_count(channels: int) -> int:
    """32 groups, or the most below that divide the channels and leave each group two or more: one
    channel a group would be instance norm.
    """
    most = max(1, min(GROUPS, channels // 2))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)


def halve(x: Tensor) -> Tensor:
    """The next level of a pyramid; beyond the border there is nothing to average, as published.
    `B C H W -> B C H/2 W/2`, sides rounded up.
    """
    if not x.shape[1]:  # no condition is seen, and averaging refuses no channels
        return x[..., ::2, ::2]
    return F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
