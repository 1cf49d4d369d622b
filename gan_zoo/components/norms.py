"""Norms whose statistics are float32 though the pictures are half."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components.spec import Norm

GROUPS = 32  # of group norm, as published
HALF = (torch.bfloat16, torch.float16)


@runtime_checkable
class PictureNorm(Protocol):
    """A norm that takes the statistics of its picture, and can be given those of a larger one: of
    all of a picture that is translated in tiles. A layer that has these two takes part.
    """

    @property
    def statistic_groups(self) -> int:
        """How many groups of neighboring channels have a mean and a variance of their own."""
        ...

    def normalize_by(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        """What `forward` makes of `B C H W`, by a mean and a variance (without Bessel's correction)
        for every group, `G` each, in place of its own; in float32 or the type of x.
        """
        ...


class InstanceNorm(nn.Module):
    """Instance normalization without affine and running statistics (Ulyanov et al. 2016).

    `B C H W -> B C H W`. Written over group norm with one channel a group: torch's InstanceNorm2d
    gives wrong gradients on the CPU at batch 1 where the incoming gradient is channels_last.

    Args:
        channels: C.
        eps: Added to the variance.

    Attributes:
        in_half: Pictures in half stay so, and only their statistics are float32: autocast makes
            whole pictures float32 on a GPU. A phase says so where it places its networks.
    """

    in_half = False

    def __init__(self, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels = channels
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalize every channel of every picture by its own mean and variance."""
        if self.in_half and x.dtype in HALF:
            return normalize(x, self.channels, eps=self.eps)
        return F.group_norm(x, self.channels, eps=self.eps)

    @property
    def statistic_groups(self) -> int:
        """One a channel."""
        return self.channels

    def normalize_by(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        """By given statistics; see PictureNorm."""
        return normalize_by(x, mean, variance, eps=self.eps)

    def extra_repr(self) -> str:
        """As the framework's own norms print themselves."""
        return f"{self.channels}, eps={self.eps}"


class GroupNorm(nn.GroupNorm):
    """Group normalization (Wu & He 2018), with a scale and a shift. `B C H W -> B C H W`.

    Attributes:
        in_half: As of `InstanceNorm`.
    """

    in_half = False

    def forward(self, x: Tensor) -> Tensor:
        """Normalize every group of channels of every picture, then scale and shift."""
        if self.in_half and x.dtype in HALF:
            return normalize(x, self.num_groups, self.weight, self.bias, eps=self.eps)
        return super().forward(x)

    @property
    def statistic_groups(self) -> int:
        """Those of its name."""
        return self.num_groups

    def normalize_by(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        """By given statistics; see PictureNorm."""
        return normalize_by(x, mean, variance, self.weight, self.bias, eps=self.eps)


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """The norm that a recipe names.

    Batch norm and group norm (Wu & He 2018) are the framework's with its defaults, which scale and
    shift; the groups are `group_count(channels)`.
    """
    if norm == "batch":
        return nn.BatchNorm2d(channels)  # in half autocast leaves it so, statistics float32
    if norm == "group":
        return GroupNorm(group_count(channels), channels)
    return InstanceNorm(channels) if norm == "instance" else nn.Identity()


def group_count(channels: int) -> int:
    """32 groups, or the most below that divide the channels and leave each group two or more: one
    channel a group would be instance norm.
    """
    most = max(1, min(GROUPS, channels // 2))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)


def norms_in_half(module: nn.Module, *, on: bool) -> None:
    """Tell the norms of a network whether pictures in half stay half."""
    for layer in module.modules():
        if isinstance(layer, InstanceNorm | GroupNorm):
            layer.in_half = on


def normalize(
    x: Tensor,
    groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * weight + bias over groups of channels: `B C H W`, in the
    type of x. What is half computes in float32, and is rounded once.

    For backward it holds x as it came and two numbers a group; no copy of x in float32.
    """
    if torch.compiler.is_compiling():  # which fuses it by itself, and holds as little
        return _plain(x, groups, weight, bias, eps)
    if x.is_cpu:  # beside a weight in float32 its own kernels do all this
        weight = x.new_ones(x.shape[1], dtype=_wide(x)) if weight is None else weight
        bias = x.new_zeros(x.shape[1], dtype=_wide(x)) if bias is None else bias
        return F.group_norm(x, groups, weight, bias, eps)
    made: Tensor = Normalized.apply(x, groups, weight, bias, eps)
    return made


def normalize_by(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    eps: float = 1e-5,
) -> Tensor:
    """`normalize` by given means and variances of groups, `G` each: `B C H W`, float32 or wider.

    Every channel is multiplied once and shifted once.
    """
    several = x.shape[1] // len(mean)
    scale = torch.rsqrt(variance + eps).repeat_interleave(several)
    shift = -mean.repeat_interleave(several) * scale
    if weight is not None and bias is not None:
        scale, shift = scale * weight, shift * weight + bias
    wide = x.to(_wide(x))
    scale, shift = (one.to(wide.dtype).view(-1, 1, 1) for one in (scale, shift))
    return torch.addcmul(shift, wide, scale)


class Normalized(torch.autograd.Function):
    """`normalize`, with what it holds chosen by hand.

    Every pass over x is one kernel on a GPU that reads half and computes in float32: torch's
    reductions and pointwise operations do so where what they write to is another type.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> Tensor:
        """Normalize; `B C H W`."""
        whole, channels = _grouped(x, groups), x.shape[1]
        dims = tuple(range(2, whole.ndim))
        mean = whole.mean(dims, keepdim=True, dtype=_wide(x))
        rstd = torch.empty_like(mean)
        torch.var(whole, dims, correction=0, keepdim=True, out=rstd)
        rstd.add_(eps).rsqrt_()
        scale, shift = _of_channels(rstd, channels), _of_channels(-mean * rstd, channels)
        if weight is not None and bias is not None:
            weight_, bias_ = weight.view(-1, 1, 1), bias.view(-1, 1, 1)
            scale, shift = scale * weight_, shift * weight_ + bias_
        made = torch.empty_like(x)
        torch.addcmul(shift, x, scale, out=made)
        ctx.save_for_backward(x, weight, bias, mean, rstd)
        ctx.groups, ctx.eps = groups, eps
        return made

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of x, weight and bias."""
        x, weight, bias, mean, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():  # somebody wants gradients of these gradients
            given = [t for t in (x, weight, bias) if t is not None]
            wanted = [t for t in given if t.requires_grad]
            with torch.enable_grad():
                made = _plain(x, ctx.groups, weight, bias, ctx.eps)
            found = iter(torch.autograd.grad(made, wanted, gradient, create_graph=True))
            dx, dweight, dbias = (
                next(found) if t is not None and t.requires_grad else None
                for t in (x, weight, bias)
            )
            return dx, None, dweight, dbias, None
        batch, channels = x.shape[:2]
        n = x[0].numel() // ctx.groups
        mean, rstd = mean.view(batch, -1, 1), rstd.view(batch, -1, 1)  # B G 1
        centered = x - _of_channels(mean, channels)
        sums = gradient.sum((2, 3), dtype=mean.dtype)  # B C
        products = centered.mul_(gradient).sum((2, 3))
        products *= _of_channels(rstd, channels).view(batch, channels)
        dweight = products.sum(0) if ctx.needs_input_grad[2] else None
        dbias = sums.sum(0) if ctx.needs_input_grad[3] else None
        if not ctx.needs_input_grad[0]:
            return None, None, dweight, dbias, None
        # With g = weight * gradient and y = (x - mean) * rstd:
        # rstd * (g - mean(g) - y * mean(g * y)), as steep * gradient + along * x + level.
        steep = _of_channels(rstd, channels)
        if weight is not None:
            sums, products = sums * weight, products * weight
            steep = steep * weight.view(-1, 1, 1)
        of_group = (batch, ctx.groups, -1)
        along = -rstd.square() * products.view(of_group).sum(2, keepdim=True) / n
        level = -rstd * sums.view(of_group).sum(2, keepdim=True) / n - along * mean
        wide = torch.addcmul(_of_channels(level, channels), gradient, steep, out=centered)
        dx = torch.empty_like(x)
        torch.addcmul(wide, x, _of_channels(along, channels), out=dx)
        return dx, None, dweight, dbias, None


def _plain(
    x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    """`normalize` as a formula."""
    whole = _grouped(x.to(_wide(x)), groups)
    variance, mean = torch.var_mean(whole, tuple(range(2, whole.ndim)), correction=0, keepdim=True)
    made = ((whole - mean) * torch.rsqrt(variance + eps)).reshape(x.shape)
    if weight is not None and bias is not None:
        made = made * weight.view(-1, 1, 1) + bias.view(-1, 1, 1)
    return made.to(x.dtype)


def _of_channels(of_groups: Tensor, channels: int) -> Tensor:
    """A number for every group, B times G of them -> that of each of its channels, `B C 1 1`."""
    batch = len(of_groups)
    several = of_groups.view(batch, -1, 1).expand(batch, -1, channels * batch // of_groups.numel())
    return several.reshape(batch, channels, 1, 1)


def _grouped(x: Tensor, groups: int) -> Tensor:
    """`B C H W -> B G C/G H W`; of one channel a group it stays as it is."""
    return x if groups == x.shape[1] else x.view(len(x), groups, -1, *x.shape[2:])


def _wide(x: Tensor) -> torch.dtype:
    """The type of its statistics."""
    return torch.promote_types(x.dtype, torch.float32)
