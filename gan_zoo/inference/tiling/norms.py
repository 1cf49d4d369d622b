"""The statistics that norms of a copied network normalize by: of each picture as ever, of several
crops as if they were one, or such as were found before.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from gan_zoo.components.norms import PictureNorm, normalize_by
from gan_zoo.errors import UserError
from gan_zoo.inference.tiling.layout import Box

Mode = Literal["own", "joint", "given", "until"]


@dataclass(frozen=True)
class Moments:
    """Mean and variance of groups of channels, `G` each, float64 on the CPU, of so many numbers."""

    count: float
    mean: Tensor
    variance: Tensor

    @classmethod
    def of(cls, x: Tensor, groups: int) -> Moments:
        """Of all pictures of a batch `B C H W` as if they were one."""
        batch, channels, height, width = x.shape
        whole = x.to(torch.promote_types(x.dtype, torch.float32))
        whole = whole.reshape(batch, groups, channels // groups, height, width)
        variance, mean = torch.var_mean(whole, (0, 2, 3, 4), correction=0)
        return cls(whole.numel() / groups, mean.double().cpu(), variance.double().cpu())

    def joined(self, other: Moments) -> Moments:
        """Of both (Chan et al. 1979)."""
        count = self.count + other.count
        share, apart = other.count / count, other.mean - self.mean
        variance = self.variance + share * (other.variance - self.variance)
        return Moments(
            count, self.mean + share * apart, variance + share * (1 - share) * apart.square()
        )


def join(parts: Iterable[Moments]) -> Moments:
    """Of all of them."""
    [first, *others] = parts
    for other in others:
        first = first.joined(other)
    return first


class Call(NamedTuple):
    """A call of a norm, as it was when a tile was made for the first time.

    Args:
        name: The layer's, for messages.
        bytes: Of what came.
        seconds: From the start of the tile.
        dtype: Of what it made.
        size: (height, width) of what came.
    """

    name: str
    bytes: int
    seconds: float
    dtype: torch.dtype
    size: tuple[int, int]


class Reached(Exception):
    """The norm whose statistics are asked for; nothing behind it is computed."""

    def __init__(self, moments: Moments) -> None:
        super().__init__("a norm was reached")
        self.moments = moments


@dataclass
class Statistics:
    """What the norms of a copy normalize by, in the order in which they are called.

    One job has it, and calls the copy from one thread.

    Attributes:
        mode: own: each picture's. joint: of the whole batch, and kept. given: those that are kept.
            until: the same, up to the first norm that has none, whose moments are raised.
        values: Of each call.
        calls: What was seen of them in the mode own.
        core: Of the mode until: which part of a tile counts, and the tile's (height, width); None
            where tiles are crops.
        margin: Of crops: what of their border does not count, as a share of their sides.
    """

    mode: Mode = "own"
    values: list[Moments] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    core: tuple[Box, tuple[int, int]] | None = None
    margin: float = 0.0
    _next: int = 0
    _began: float = 0.0

    def begin(self, mode: Mode) -> None:
        """A forward begins."""
        self.mode, self._next, self._began = mode, 0, time.perf_counter()
        if mode == "joint":
            self.values = []
        if mode == "own":
            self.calls = []

    def normalize(self, norm: Norm, x: Tensor) -> Tensor:
        """What a norm makes of `B C H W`."""
        number, self._next = self._next, self._next + 1
        if self.mode == "own":
            return self._own(norm, x)
        if self.mode == "joint":
            self.values.append(Moments.of(self._inner(x), norm.groups))
        elif self.mode == "until" and number == len(self.values):
            counts = self._inner(x) if self.core is None else self._counted(x, norm.name)
            raise Reached(Moments.of(counts, norm.groups))
        mean, variance = self.values[number].mean, self.values[number].variance
        wide = torch.promote_types(x.dtype, torch.float32)
        made = norm.by(x, mean.to(x.device, wide), variance.to(x.device, wide))
        return made.to(self.calls[number].dtype)

    def _own(self, norm: Norm, x: Tensor) -> Tensor:
        if x.is_cuda:
            torch.cuda.synchronize(x.device)
        seconds = time.perf_counter() - self._began
        made: Tensor = norm.layer(x)
        size = x.numel() * x.element_size()
        height, width = x.shape[-2:]
        self.calls.append(Call(norm.name, size, seconds, made.dtype, (height, width)))
        return made

    def _inner(self, x: Tensor) -> Tensor:
        """Features without what lies at the border of crops, where pads are seen."""
        down, across = (round(self.margin * side) for side in x.shape[-2:])
        return x[..., down : x.shape[-2] - down, across : x.shape[-1] - across]

    def _counted(self, x: Tensor, name: str) -> Tensor:
        """The part of features that belongs to the core of a tile."""
        assert self.core is not None
        box, whole = self.core
        steps = [of_tile // side for of_tile, side in zip(whole, x.shape[-2:], strict=True)]
        ends = (box.top, box.bottom), (box.left, box.right)
        if any(place % step for pair, step in zip(ends, steps, strict=True) for place in pair):
            raise UserError(
                f"--statistics exact: {name} works on {x.shape[-2]}x{x.shape[-1]} of a tile of "
                f"{whole[0]}x{whole[1]}, which its core is no whole part of; use --statistics "
                "sampled"
            )
        (top, bottom), (left, right) = [
            (a // step, b // step) for (a, b), step in zip(ends, steps, strict=True)
        ]
        return x[..., top:bottom, left:right]


class Norm(nn.Module):
    """Stands in for a norm of a copied network. `B C H W -> B C H W`.

    Args:
        layer: The norm, which is the copy's own.
        name: Of it, for messages.
        statistics: Say what it normalizes by.
    """

    def __init__(self, layer: nn.Module, name: str, statistics: Statistics) -> None:
        super().__init__()
        self.layer: Any = layer
        self.name = name
        self.statistics = statistics

    @property
    def groups(self) -> int:
        """How many groups of channels have statistics of their own."""
        if isinstance(self.layer, _NormBase):
            return self.layer.num_features
        if isinstance(self.layer, PictureNorm):
            return self.layer.statistic_groups
        return int(self.layer.num_groups)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize as the statistics say."""
        if x.ndim != 4:
            raise UserError(
                f"--tile: {self.name} normalizes {x.ndim} dimensions; of B C H W is known how to "
                "give it the statistics of a whole picture"
            )
        return self.statistics.normalize(self, x)

    def by(self, x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        """Normalize by these, `G` each."""
        layer = self.layer
        if isinstance(layer, PictureNorm):
            return layer.normalize_by(x, mean, variance)
        if isinstance(layer, nn.GroupNorm):
            return normalize_by(x, mean, variance, layer.weight, layer.bias, eps=layer.eps)
        # torch's others have statistics of their own for inference, and so have classes of them
        # with more behind the norm, as timm's
        before = layer.running_mean, layer.running_var, layer.track_running_stats, layer.training
        layer.running_mean, layer.running_var = mean, variance
        layer.track_running_stats, layer.training = True, False
        try:
            made: Tensor = layer(x)
        finally:
            (
                layer.running_mean,
                layer.running_var,
                layer.track_running_stats,
                layer.training,
            ) = before
        return made


def takes_picture(layer: nn.Module) -> bool:
    """Whether a layer is a norm that is known and takes the statistics of its picture."""
    if isinstance(layer, _BatchNorm):
        return layer.training or layer.running_mean is None
    if isinstance(layer, _InstanceNorm):
        return layer.training or not layer.track_running_stats
    return isinstance(layer, PictureNorm) or type(layer) is nn.GroupNorm


def replace_norms(module: nn.Module, name: str, statistics: Statistics) -> list[str]:
    """Let statistics say what the norms of a copied network normalize by.

    Returns:
        The names of the norms that take their picture's statistics.
    """
    found = []
    for path, parent in list(module.named_modules()):
        if isinstance(parent, Norm):
            continue
        for child, layer in list(parent.named_children()):
            if takes_picture(layer):
                whole = ".".join(filter(None, (name, path, child)))
                setattr(parent, child, Norm(layer, whole, statistics))
                found.append(whole)
    return found
