"""Residual generators, and the enhancer that is built of the same stages."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_zoo.components import Norm, conv_norm_activation, norm_layer
from gan_zoo_generators.contracts import Activation, Padding, Upsampling
from gan_zoo_generators.layers import activation_layer, convolution, upsampler


class Stages(nn.Module):
    """Halve, work at the low resolution in residual blocks, double: what residual generators and
    enhancers share.

    Args:
        channels_in: C.
        channels_out: D of the head, the decoder's last layer; None for none.
        width: Channels h at full resolution; they double with every halving.
        blocks: Number of residual blocks, at the lowest resolution.
        downsamplings: Number of halvings.
        norm: Norm of every convolution but the head's.
        bias: Whether the normed convolutions have one; the head always does.
        dropout: Whether half is dropped inside every block.
        upsampling: How the decoder doubles the sides; see `layers.upsampler`.
        padding: Around every convolution that keeps the sides. As published, those that halve them
            have zeros.
        activation: After every norm but those that end a block.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        channels_out: int | None,
        width: int,
        blocks: int,
        downsamplings: int,
        norm: Norm,
        bias: bool,
        dropout: bool,
        upsampling: Upsampling,
        padding: Padding,
        activation: Activation,
    ) -> None:
        super().__init__()
        act = activation_layer(activation)
        widths = [width * 2**level for level in range(downsamplings + 1)]
        first = convolution(channels_in, width, 7, bias=bias, padding=padding)
        self.encoder = nn.Sequential(conv_norm_activation(first, norm, width, act))
        for narrow, wide in pairwise(widths):
            half = convolution(narrow, wide, 3, stride=2, bias=bias)
            self.encoder.append(conv_norm_activation(half, norm, wide, act))
        self.blocks = nn.Sequential(
            *(
                ResidualBlock(
                    channels=widths[-1],
                    norm=norm,
                    bias=bias,
                    dropout=dropout,
                    padding=padding,
                    activation=activation,
                )
                for _ in range(blocks)
            )
        )
        self.decoder = nn.Sequential()
        for wide, narrow in pairwise(reversed(widths)):
            double = upsampler(upsampling, wide, narrow, kernel=3, bias=bias, padding=padding)
            self.decoder.append(conv_norm_activation(double, norm, narrow, act))
        self.headed = channels_out is not None
        if channels_out is not None:
            self.decoder.append(convolution(width, channels_out, 7, bias=True, padding=padding))

    def decoded(self, x: Tensor) -> Tensor:
        """Blocks and doublings. `B h*2^n H/2^n W/2^n -> B h H W`."""
        x = self.blocks(x)
        doublings = list(self.decoder)
        for double in doublings[:-1] if self.headed else doublings:
            x = double(x)
        return x

    def head(self, features: Tensor) -> Tensor:
        """The picture. `B h H W -> B D H W`."""
        return torch.tanh(self.decoder[-1](features))


class ResNet(Stages):
    """Residual blocks at low resolution (Johnson et al. 2016, as in the published PyTorch pix2pix),
    and the global generator (Wang et al. 2018, sec. 3.1).

    `B C H W -> B D H W` in [-1, 1]; H and W are multiples of 2^downsamplings. Stages in place of
    the published flat sequence; the layers and their order are the published ones.
    """

    def features(self, condition: Tensor) -> Tensor:
        """What the head makes the picture of. `B C H W -> B h H W`."""
        return self.decoded(self.encoder(condition))

    def forward(self, condition: Tensor) -> Tensor:
        """Translate a batch."""
        return self.head(self.features(condition))


class ResidualBlock(nn.Module):
    """x + branch(x), without an activation after the sum. `B C H W -> B C H W`.

    Args:
        channels: C.
        norm: After both convolutions.
        bias: Whether the convolutions have one.
        dropout: Whether half is dropped between them.
        padding: Around both.
        activation: Between them, after the norm.
    """

    def __init__(
        self,
        *,
        channels: int,
        norm: Norm,
        bias: bool,
        dropout: bool,
        padding: Padding,
        activation: Activation,
    ) -> None:
        super().__init__()
        one, two = (
            convolution(channels, channels, 3, bias=bias, padding=padding) for _ in range(2)
        )
        self.first = conv_norm_activation(one, norm, channels, activation_layer(activation))
        self.dropout = nn.Dropout(0.5) if dropout else nn.Identity()
        self.second = nn.Sequential(OrderedDict(conv=two, norm=norm_layer(norm, channels)))

    def forward(self, x: Tensor) -> Tensor:
        """Add what the branch finds."""
        return x + self.second(self.dropout(self.first(x)))  # type: ignore[no-any-return]
