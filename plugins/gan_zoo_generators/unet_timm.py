"""A U-Net whose encoder is a backbone of timm."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_zoo.components import Norm, conv_norm_activation
from gan_zoo_generators.contracts import Activation, Padding, Upsampling, hidden_bias
from gan_zoo_generators.layers import activation_layer, convolution, upsampler


class TimmUNet(nn.Module):
    """Features of a backbone, doubled level by level and joined with the finer ones (Ronneberger et
    al. 2015).

    `B C H W -> B D H W` in [-1, 1]; H and W are multiples of 2^levels. At full resolution the
    condition itself is the skip.

    Args:
        encoder: The backbone.
        channels: Of every level: C, then those that the backbone gives; 0 where it gives none.
        channels_out: D.
        width: Channels h of the decoder at full resolution; inwards 2h, 4h, then 8h.
        norm: Norm of the decoder.
        upsampling: How the decoder doubles the sides; see `layers.upsampler`.
        padding: Around the decoder's convolutions but the transposed ones.
        activation: Of the decoder; the backbone keeps its own.
    """

    def __init__(
        self,
        *,
        encoder: Encoder,
        channels: Sequence[int],
        channels_out: int,
        width: int,
        norm: Norm,
        upsampling: Upsampling,
        padding: Padding,
        activation: Activation,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = Decoder(
            channels=channels,
            channels_out=channels_out,
            width=width,
            norm=norm,
            upsampling=upsampling,
            padding=padding,
            activation=activation,
        )

    def features(self, condition: Tensor) -> Tensor:
        """What the head makes the picture of. `B C H W -> B h H W`."""
        return self.decoder([condition, *self.encoder(condition)])  # type: ignore[no-any-return]

    def head(self, features: Tensor) -> Tensor:
        """The picture. `B h H W -> B D H W`."""
        return torch.tanh(self.decoder.head(features))

    def forward(self, condition: Tensor) -> Tensor:
        """Translate a batch."""
        return self.head(self.features(condition))


class Encoder(nn.Module):
    """The backbone. `B C H W ->` of every level k from 1 on, `B E_k H/2^k W/2^k` or None.

    Args:
        backbone: Gives a list of features.
        channels_in: C.
        places: Of every level: the place of its features in that list; None where there are none.
        statistics: Mean and deviation by channel, for pictures in [0, 1], that the backbone was
            trained with; a condition in [-1, 1] is converted to them. None: it enters as it is.
    """

    def __init__(
        self,
        *,
        backbone: nn.Module,
        channels_in: int,
        places: Sequence[int | None],
        statistics: tuple[Sequence[float], Sequence[float]] | None,
    ) -> None:
        super().__init__()
        self.normalize = nn.Identity() if statistics is None else Normalize(*statistics)
        self.backbone = backbone
        self.channels_in = channels_in
        self.places = list(places)

    def forward(self, condition: Tensor) -> list[Tensor | None]:
        """Features, the finest first."""
        features = self.backbone(self.normalize(condition))
        return [None if place is None else features[place] for place in self.places]


class Normalize(nn.Module):
    """From [-1, 1] to the mean and deviation that a backbone knows. `B C H W -> B C H W`.

    Args:
        mean: By channel, for pictures in [0, 1].
        deviation: Likewise.
    """

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        for name, values in (("mean", mean), ("deviation", deviation)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Shift and scale."""
        return ((x + 1) / 2 - self.mean) / self.deviation


class Decoder(nn.Module):
    """From the innermost features to the last before the head, which it holds.

    `[B C_k H/2^k W/2^k or None] -> B h H W`, the last of them never None.

    Args:
        channels: C_k; 0 for None.
        channels_out: D of the head.
        width: Channels h at full resolution; inwards 2h, 4h, then 8h.
        norm: After every convolution but the last.
        upsampling: How the sides are doubled.
        padding: Around the convolutions but the transposed ones.
        activation: After every norm.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int],
        channels_out: int,
        width: int,
        norm: Norm,
        upsampling: Upsampling,
        padding: Padding,
        activation: Activation,
    ) -> None:
        super().__init__()
        deeper = channels[-1]
        self.joins = nn.ModuleList()
        for level in reversed(range(len(channels) - 1)):
            wanted = width * min(2**level, 8)
            self.joins.append(
                Join(
                    channels_in=deeper,
                    channels_skip=channels[level],
                    channels_out=wanted,
                    norm=norm,
                    upsampling=upsampling,
                    padding=padding,
                    activation=activation,
                )
            )
            deeper = wanted
        self.head = convolution(width, channels_out, 3, bias=True, padding=padding)

    def forward(self, skips: Sequence[Tensor | None]) -> Tensor:
        """From the innermost level out."""
        *skips, x = skips
        for join, skip in zip(self.joins, reversed(skips), strict=True):
            x = join(x, skip)
        return x  # type: ignore[return-value]  # the innermost is never None


class Join(nn.Module):
    """One decoder level: double the sides, join the skip, convolve. `B C H W -> B D 2H 2W`.

    Args:
        channels_in: C.
        channels_skip: Of the skip, `B S 2H 2W`; 0 where there is none.
        channels_out: D.
        norm: After both convolutions.
        upsampling: How the sides are doubled.
        padding: Around the convolutions but a transposed one.
        activation: After both norms.
    """

    def __init__(
        self,
        *,
        channels_in: int,
        channels_skip: int,
        channels_out: int,
        norm: Norm,
        upsampling: Upsampling,
        padding: Padding,
        activation: Activation,
    ) -> None:
        super().__init__()
        bias, act = hidden_bias(norm), activation_layer(activation)
        up = upsampler(upsampling, channels_in, channels_out, kernel=4, bias=bias, padding=padding)
        joined = channels_skip + channels_out
        self.up = conv_norm_activation(up, norm, channels_out, act)
        fuse = convolution(joined, channels_out, 3, bias=bias, padding=padding)
        self.fuse = conv_norm_activation(fuse, norm, channels_out, act)

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """From one level to the next finer one."""
        x = self.up(x)
        return self.fuse(x if skip is None else torch.cat([skip, x], dim=1))  # type: ignore[no-any-return]
