"""Features of the picture, one vector for each instance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components import Norm, conv_norm_activation
from gan_zoo_conditions.pooling import Places, resize_nearest


class Encoder(nn.Module):
    """Halve, then double: a picture -> features of its size, in [-1, 1]. `B D H W -> B C H W`.

    As published every convolution has a bias, whatever the norm. Sides that are no multiples of
    2^downsamplings come back longer, and what is too much is cut off.

    Args:
        channels_in: D.
        channels: C.
        width: Channels at full size; they double with every halving.
        downsamplings: Number of halvings.
        norm: Of every convolution but the last.
    """

    def __init__(
        self, *, channels_in: int, channels: int, width: int, downsamplings: int, norm: Norm
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(downsamplings + 1)]
        self.encoder = nn.Sequential(
            conv_norm_activation(
                nn.Conv2d(channels_in, width, 7, padding=3, padding_mode="reflect"), norm, width
            )
        )
        for narrow, wide in pairwise(widths):
            half = nn.Conv2d(narrow, wide, 3, stride=2, padding=1)
            self.encoder.append(conv_norm_activation(half, norm, wide))
        self.decoder = nn.Sequential()
        for wide, narrow in pairwise(reversed(widths)):
            double = nn.ConvTranspose2d(wide, narrow, 3, stride=2, padding=1, output_padding=1)
            self.decoder.append(conv_norm_activation(double, norm, narrow))
        self.head = nn.Conv2d(width, channels, 7, padding=3, padding_mode="reflect")

    def forward(self, picture: Tensor) -> Tensor:
        """Encode a batch."""
        height, width = picture.shape[-2:]
        x = self.decoder(self.encoder(picture))  # B width H' W'
        return torch.tanh(self.head(x[..., :height, :width]))  # B C H W


class InstanceFeatures(nn.Module):
    """Every pixel is shown the mean of its instance's features (Wang et al. 2018, sec. 3.4).

    `B C H W`. Where the maps hold no picture to encode, zeros; styles are painted by `paint`.

    Args:
        encoder: The picture `B D H W` -> features `B C H W`.
        over: The map of ids `B 1 H W` whose pixels share a mean: 0 to less than `slots`. Other ids
            have none and are shown zeros.
        slots: How many ids there may be: S.
        channels: C.
        frozen_at: [height, width] at which the encoder sees the picture, without a gradient.
        picture: The map that is encoded.
    """

    def __init__(
        self,
        *,
        encoder: nn.Module,
        over: str,
        slots: int,
        channels: int,
        frozen_at: tuple[int, int] | None,
        picture: str = "target",
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.over = over
        self.slots = slots
        self.channels = channels
        self.frozen_at = frozen_at
        self.picture = picture

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Named maps -> `B C H W`."""
        ids = maps[self.over]
        if self.picture not in maps:
            batch, _, height, width = ids.shape
            return torch.zeros(batch, self.channels, height, width, device=ids.device)
        places = Places(ids, self.slots)
        return places.paint(self._means(maps[self.picture], ids, places))

    def encode(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Named maps, the picture among them -> the mean of every slot, `B S C`."""
        ids = maps[self.over]
        return self._means(maps[self.picture], ids, Places(ids, self.slots))

    def paint(self, maps: Mapping[str, Tensor], means: Tensor) -> Tensor:
        """Named maps and a mean for every slot, `B S C` -> `B C H W`."""
        return Places(maps[self.over], self.slots).paint(means)

    def _means(self, picture: Tensor, ids: Tensor, places: Places) -> Tensor:
        if self.frozen_at is None:
            return places.pool(self.encoder(picture))
        with torch.no_grad():
            small = F.interpolate(picture, self.frozen_at, mode="bicubic", antialias=True)
            features = self.encoder(small.clamp(-1, 1))  # bicubic goes beyond, 8-bit files do not
            there = Places(resize_nearest(ids, self.frozen_at), self.slots)
            means = there.pool(features)
            # What has no pixel at that size takes the features of where it lies.
            whole = places.pool(resize_nearest(features, (ids.shape[-2], ids.shape[-1])))
            return torch.where(there.counts()[..., None] > 0, means, whole)
