"""Layers that all generators share: convolutions with a padding, and upsampling."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

from einops.layers.torch import Rearrange
from torch import nn

from gan_zoo_generators.contracts import Activation, Padding, Upsampling


def convolution(
    channels_in: int,
    channels_out: int,
    kernel: int,
    *,
    stride: int = 1,
    bias: bool,
    padding: Padding = "zero",
) -> nn.Conv2d:
    """A convolution that keeps the sides, or halves them with stride 2.
    `B C H W -> B D H/stride W/stride`.
    """
    return nn.Conv2d(
        channels_in,
        channels_out,
        kernel,
        stride=stride,
        padding=(kernel - 1) // 2,
        bias=bias,
        padding_mode="zeros" if padding == "zero" else padding,
    )


def activation_layer(kind: Activation, *, slope: float = 0.0) -> nn.Module:
    """What follows a norm, or goes before a convolution; makes a new tensor.

    SiLU, x * sigmoid(x) (Hendrycks and Gimpel 2016; Elfwing et al. 2018), is smooth, and lets a
    little of what is below zero through.

    Args:
        kind: Which one.
        slope: Of ReLU below zero: LeakyReLU, where it is not 0.
    """
    if kind == "silu":
        return nn.SiLU()
    return nn.LeakyReLU(slope) if slope else nn.ReLU()


def upsampler(
    how: Upsampling,
    channels_in: int,
    channels_out: int,
    *,
    kernel: Literal[3, 4],
    bias: bool,
    padding: Padding,
) -> nn.Module:
    """Double the sides. `B C H W -> B D 2H 2W`.

    A transposed convolution lays its kernel over the picture unevenly, which shows as a checkered
    pattern (Odena et al. 2016); the others resize by themselves, or shuffle (Shi et al. 2016).

    Args:
        how: `transposed` alone is published. `nearest` and `bilinear` resize, then convolve 3x3;
            `pixel_shuffle` convolves 3x3 to four times the channels, then lays them out.
        channels_in: C.
        channels_out: D.
        kernel: Of the transposed convolution.
        bias: Whether the convolution has one.
        padding: Around the 3x3 convolution; a transposed one knows zeros only.
    """
    if how == "transposed":
        return nn.ConvTranspose2d(
            channels_in,
            channels_out,
            kernel,
            stride=2,
            padding=1,
            output_padding=kernel % 2,
            bias=bias,
        )
    wider = 4 if how == "pixel_shuffle" else 1
    conv = convolution(channels_in, wider * channels_out, 3, bias=bias, padding=padding)
    if how == "pixel_shuffle":
        shuffle = Rearrange("b (d up left) h w -> b d (h up) (w left)", up=2, left=2)
        return nn.Sequential(OrderedDict(conv=conv, shuffle=shuffle))
    resize = nn.Upsample(scale_factor=2, mode=how)
    return nn.Sequential(OrderedDict(resize=resize, conv=conv))
