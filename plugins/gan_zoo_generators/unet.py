"""The U-Net of pix2pix."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_zoo.components import Norm
from gan_zoo_generators.blocks import Dropout, decoder, encoder
from gan_zoo_generators.contracts import Activation, Padding, Upsampling


class UNet(nn.Module):
    """Encoder and decoder joined by skips (Isola et al. 2017, sec. 3.2.1 and 6.1.1).

    `B C H W -> B D H W` in [-1, 1]; H and W are multiples of 2^depth. Two flat lists in place of
    the published nested blocks; the layers and their order are the published ones.

    Args:
        channels_in: C.
        channels_out: D.
        width: Channels h of the first level; inwards 2h, 4h, then 8h.
        depth: Number n of halvings.
        norm: Norm of every level but D1, Dn and Un.
        dropout: Which decoder levels drop half: see `blocks.dropped_levels`.
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
        dropout: Dropout,
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
            skips=True,
        )

    def features(self, condition: Tensor) -> Tensor:
        """What the head makes the picture of. `B C H W -> B 2h H/2 W/2`."""
        x, skips = condition, []
        for down in self.encoder:
            x = down(x)  # B h*min(2^k, 8) H/2^(k+1) W/2^(k+1)
            skips.append(x)
        x = skips.pop()
        for up in list(self.decoder)[:-1]:
            x = torch.cat([skips.pop(), up(x)], dim=1)  # the skip first, as in the PyTorch code
        return x

    def head(self, features: Tensor) -> Tensor:
        """The picture. `B 2h H/2 W/2 -> B D H W`."""
        return torch.tanh(self.decoder[-1](features))

    def forward(self, condition: Tensor) -> Tensor:
        """Translate a batch."""
        return self.head(self.features(condition))
