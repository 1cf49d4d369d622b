"""Levels of the U-Net and of the encoder-decoder, which is the same net with its skips cut.

D1 .. Dn halve the picture, U1 .. Un double it; in lists they are counted from 0.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from gan_zoo.components import Norm, norm_layer
from gan_zoo_generators.contracts import Activation, Padding, Upsampling, hidden_bias
from gan_zoo_generators.layers import activation_layer, convolution, upsampler

Dropout = Literal["none", "code", "paper"]


class Down(nn.Module):
    """One encoder level: activation, convolution, norm. `B C H W -> B D H/2 W/2`.

    Args:
        channels_in: C.
        channels_out: D.
        norm: The norm after the convolution.
        bias: Whether the convolution has one.
        padding: Around the convolution.
        activation: What goes first, a ReLU as LeakyReLU 0.2; None where the picture itself enters.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        channels_out: int,
        norm: Norm,
        bias: bool,
        padding: Padding,
        activation: Activation | None,
    ) -> None:
        super().__init__()
        self.activation = activation_layer(activation, slope=0.2) if activation else nn.Identity()
        self.conv = convolution(channels_in, channels_out, 4, stride=2, bias=bias, padding=padding)
        self.norm = norm_layer(norm, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """Halve the sides."""
        # The activation makes a new tensor: x is a skip too. The published code activates in
        # place, which is equal only because a ReLU follows the skip.
        return self.norm(self.conv(self.activation(x)))  # type: ignore[no-any-return]


class Up(nn.Module):
    """One decoder level: activation, upsampling, norm, dropout. `B C H W -> B D 2H 2W`.

    Args:
        channels_in: C.
        channels_out: D.
        norm: The norm after the convolution.
        bias: Whether the convolution has one.
        upsampling: How the sides are doubled.
        padding: Around the convolution of an upsampling that is not `transposed`.
        activation: What goes first.
        dropout: Whether half of the result is dropped, the only noise of the published nets.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        channels_out: int,
        norm: Norm,
        bias: bool,
        upsampling: Upsampling,
        padding: Padding,
        activation: Activation,
        dropout: bool,
    ) -> None:
        super().__init__()
        self.activation = activation_layer(activation)
        self.conv = upsampler(
            upsampling, channels_in, channels_out, kernel=4, bias=bias, padding=padding
        )
        self.norm = norm_layer(norm, channels_out)
        self.dropout = nn.Dropout(0.5) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Double the sides."""
        return self.dropout(self.norm(self.conv(self.activation(x))))  # type: ignore[no-any-return]


def encoder(
    *,
    channels_in: int,
    width: int,
    depth: int,
    norm: Norm,
    padding: Padding,
    activation: Activation,
) -> nn.ModuleList:
    """D1 .. Dn. D1 has no norm (sec. 6.1.1), nor has Dn: batch norm of one pixel is zero."""
    channels = [channels_in, *level_widths(width, depth)]
    return nn.ModuleList(
        Down(
            channels_in=channels[level],
            channels_out=channels[level + 1],
            norm=norm if 0 < level < depth - 1 else "none",
            bias=hidden_bias(norm),
            padding=padding,
            activation=activation if level > 0 else None,
        )
        for level in range(depth)
    )


def decoder(
    *,
    channels_out: int,
    width: int,
    depth: int,
    norm: Norm,
    dropout: Dropout,
    upsampling: Upsampling,
    padding: Padding,
    activation: Activation,
    skips: bool,
) -> nn.ModuleList:
    """U1 .. Un, innermost first; with skips, every level but U1 takes twice the channels."""
    channels = [channels_out, *level_widths(width, depth)]
    channels.reverse()
    last = depth - 1
    return nn.ModuleList(
        Up(
            channels_in=channels[level] * (2 if skips and level else 1),
            channels_out=channels[level + 1],
            norm=norm if level < last else "none",
            bias=level == last or hidden_bias(norm),
            upsampling=upsampling,
            padding=padding,
            activation=activation,
            dropout=level in dropout_levels(dropout, depth),
        )
        for level in range(depth)
    )


def level_widths(width: int, depth: int) -> list[int]:
    """Channels after D1 .. Dn: h, 2h, 4h, 8h, 8h, ..."""
    return [width * min(2**level, 8) for level in range(depth)]


def dropout_levels(dropout: Dropout, depth: int) -> range:
    """Decoder levels with dropout, counted from 0.

    The paper and the Torch code drop U1 .. U3. The PyTorch code drops in its n - 5 inner blocks of
    8h -> 8h, which starts one level later: U2 .. U(n-4). The outermost level makes the picture and
    never drops.
    """
    if dropout == "paper":
        return range(min(3, depth - 1))
    return range(1, depth - 4) if dropout == "code" else range(0)
