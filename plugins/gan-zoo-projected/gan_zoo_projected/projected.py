"""The projected discriminator: small heads on randomly mixed features of a frozen network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo.components import UserError


class ProjectedDiscriminator(nn.Module):
    """A logit of every level for every patch (Sauer et al. 2021, sec. 3).

    Condition `B C H W` and picture `B D H W` -> one view: the feature maps of all heads, the finest
    level's first, where they are shown, and the logits `B L h w`, a channel for each of the L
    levels. All heads end at the size of the deepest level, h = H/2^k rounded up, so that the mean
    over the logits is the mean over the levels' discriminators.

    The condition enters behind the frozen part: averaged to the size of each level, and beside its
    features into the head, as a PatchGAN sees it beside the picture.

    Args:
        augment: Changes condition and picture first.
        normalize: From [-1, 1] to what the backbone knows.
        backbone: Picture -> features of every level, the finest first.
        levels: Every k of features at 1/2^k of the sides, in rising order.
        mixing: Mixes the features, and is fixed; None for heads on the features themselves.
        channels: Of the features that the heads see.
        channels_seen: C; 0 where the condition is not looked at.
        width: Channels of the heads.
        shows_features: Whether the view has feature maps besides the logits.
    """

    def __init__(
        self,
        *,
        augment: nn.Module,
        normalize: nn.Module,
        backbone: nn.Module,
        levels: Sequence[int],
        mixing: nn.Module | None,
        channels: Sequence[int],
        channels_seen: int,
        width: int,
        shows_features: bool,
    ) -> None:
        super().__init__()
        self.augment = augment
        self.normalize = normalize
        self.backbone = backbone
        self.levels = tuple(levels)
        self.mixing = mixing
        self.channels_seen = channels_seen
        self.shows_features = shows_features
        self.heads = nn.ModuleList(
            Head(channels_in=own + channels_seen, width=width, halvings=levels[-1] - level)
            for own, level in zip(channels, levels, strict=True)
        )

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Judge a batch.

        Raises:
            UserError: the picture is too small for the deepest level.
        """
        height, width = picture.shape[-2:]
        if min(height, width) < 2 ** self.levels[-1]:
            raise UserError(
                f"a picture of {height}x{width} is too small for features at "
                f"1/{2 ** self.levels[-1]} of its sides. Use a larger one, or leave out the "
                "deepest of the discriminator's levels"
            )
        condition, picture = self.augment(condition, picture)
        features = [
            resize(found, divide_up(height, level), divide_up(width, level))
            for found, level in zip(
                self.backbone(self.normalize(picture)), self.levels, strict=True
            )
        ]
        if self.mixing is not None:
            features = self.mixing(features)
        shown, logits = [], []
        for level, own, head in zip(self.levels, features, self.heads, strict=True):
            seen = torch.cat([average_to(condition, level), own], 1) if self.channels_seen else own
            *maps, logit = head(seen)
            shown += maps
            logits.append(logit)
        return [[*(shown if self.shows_features else ()), torch.cat(logits, dim=1)]]


class Head(nn.Module):
    """A discriminator of one level. `B C h w -> [B w h w, ..., B 1 h/2^n w/2^n]`, sides rounded up.

    One convolution that keeps the size, one for each halving, and the logits, all 3x3 and divided
    by their spectral norms (Miyato et al. 2018), with LeakyReLU 0.2 between. No norm: a batch may
    be one sample.

    Args:
        channels_in: C, of features and condition.
        width: Channels w of the feature maps.
        halvings: n.
    """

    def __init__(self, *, channels_in: int, width: int, halvings: int) -> None:
        super().__init__()
        widths = [channels_in, *[width] * (halvings + 1)]
        self.features = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=2 if n else 1, padding=1)
            for n, (before, after) in enumerate(pairwise(widths))
        )
        self.head = nn.Conv2d(width, 1, 3, padding=1)
        for layer in (*self.features, self.head):
            spectral_norm(layer)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps, the logits last."""
        maps = []
        for layer in self.features:
            x = F.leaky_relu(layer(x), 0.2)
            maps.append(x)
        return [*maps, self.head(x)]


class Mixing(nn.Module):
    """Random projections of features, drawn once and fixed (Sauer et al. 2021, sec. 3.2).

    `[B E_n h_n w_n] -> [B W_n h_n w_n]`. Across channels: a 1x1 convolution each. Across scales:
    from the deepest on, a 3x3 convolution of what was mixed there, enlarged bilinearly, is added to
    the next finer one, as a U-Net goes up. Weights are drawn as He et al. 2015 do for linear
    layers, N(0, 1 / inputs), from torch's default generator, and are buffers.

    Args:
        channels: E_n of every level, the finest first.
        widths: W_n.
        across_scales: Whether deeper levels reach finer ones.
    """

    def __init__(
        self, *, channels: Sequence[int], widths: Sequence[int], across_scales: bool
    ) -> None:
        super().__init__()
        self.across_scales = across_scales
        for n, (given, wanted) in enumerate(zip(channels, widths, strict=True)):
            self.register_buffer(f"channels_{n}", random(wanted, given, 1))
        for n, (wanted, deeper) in enumerate(pairwise(widths) if across_scales else ()):
            self.register_buffer(f"scales_{n}", random(wanted, deeper, 3))

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Mix a batch."""
        mixed = [F.conv2d(x, self.get_buffer(f"channels_{n}")) for n, x in enumerate(features)]
        for n in reversed(range(len(mixed) - 1)) if self.across_scales else ():
            deeper = F.conv2d(mixed[n + 1], self.get_buffer(f"scales_{n}"), padding=1)
            mixed[n] = mixed[n] + resize(deeper, *mixed[n].shape[-2:])
        return mixed


def random(channels_out: int, channels_in: int, kernel: int) -> Tensor:
    """Weights of a convolution that keeps the variance."""
    weight = torch.empty(channels_out, channels_in, kernel, kernel)
    return nn.init.kaiming_normal_(weight, nonlinearity="linear")


def resize(x: Tensor, height: int, width: int) -> Tensor:
    """`B C h w -> B C H W`, bilinearly, where it is not so already."""
    if x.shape[-2:] == (height, width):
        return x
    return F.interpolate(x, (height, width), mode="bilinear", align_corners=False)


def average_to(x: Tensor, level: int) -> Tensor:
    """Means over squares of 2^level pixels, what is beyond the border left out.
    `B C H W -> B C H/2^level W/2^level`, sides rounded up.
    """
    return F.avg_pool2d(x, 2**level, ceil_mode=True)


def divide_up(side: int, level: int) -> int:
    """A side at 1/2^level, rounded up."""
    return int(-(-side // 2**level))
