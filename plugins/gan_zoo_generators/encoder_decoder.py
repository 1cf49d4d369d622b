"""The encoder-decoder that pix2pix compares its U-Net with."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from gan_zoo.components import Norm
from gan_zoo_generators.blocks import decoder, encoder
from gan_zoo_generators.contracts import Activation, Padding, Upsampling


class EncoderDecoder(nn.Module):
    """The U-Net with its skips cut (Isola et al. 2017, sec. 4.3 and 6.1.1).

    `B C H W -> B D H W` in [-1, 1]; H and W are multiples of 2^depth. As in the released code the
    bottleneck has no norm: with the paper's, a batch of one leaves nothing of the picture. Biases
    follow the U-Net's rule: Torch has them everywhere, but sets them to zero before every step.

    Args:
        channels_in: C.
        channels_out: D.
        width: Channels h of the first level; inwards 2h, 4h, then 8h.
        depth: Number n of halvings.
        norm: Norm of every level but D1, Dn and Un.
        dropout: `paper` drops half after U1 .. U3.
        upsampling: How the decoder doubles the sides; see `layers.upsampler`.
        padding: Around every convolution but the transposed ones.
        activation: Of every level; a ReLU is LeakyReLU 0.2 on the way down.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        channels_out: int,
        width: int,
        depth: int,
        norm: Norm,
        dropout: Literal["none", "paper"],
        upsampling: Upsampling,
        padding: Padding,
        activation: Activation,
    ) -> None:
        super().__init__()
        self.encoder = encoder(
            channels_in=channels_in,
            width=width,
            depth=depth,
            norm=norm,
            padding=padding,
            activation=activation,
        )
        self.decoder = decoder(
            channels_out=channels_out,
            width=width,
            depth=depth,
            norm=norm,
            dropout=dropout,
            upsampling=upsampling,
            padding=padding,
            activation=activation,
            skips=False,
        )

    def features(self, condition: Tensor) -> Tensor:
        """What the head makes the picture of. `B C H W -> B h H/2 W/2`."""
        x = condition
        for level in (*self.encoder, *list(self.decoder)[:-1]):
            x = level(x)
        return x

    def head(self, features: Tensor) -> Tensor:
        """The picture. `B h H/2 W/2 -> B D H W`."""
        return torch.tanh(self.decoder[-1](features))

    def forward(self, condition: Tensor) -> Tensor:
        """Translate a batch."""
        return self.head(self.features(condition))
