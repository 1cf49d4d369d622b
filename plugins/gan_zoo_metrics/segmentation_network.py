"""A network that tells the classes of pixels of a photo: a timm encoder from scratch and a light
decoder. So the papers judge pictures, by a network of Long et al. 2015 (Isola et al. 2017, sec.
4.1).
"""

from __future__ import annotations

from typing import Any

import timm
import torch.nn.functional as F
from torch import Tensor, nn

LEVELS = 4  # of the encoder's features that the decoder takes
MULTIPLE = 32  # sides that every encoder takes whole


class Judge(nn.Module):
    """Photos `B C H W` in [-1, 1] -> logits `B K H W` of their pixels' classes.

    Args:
        encoder: A model of timm that gives features.
        channels: Of the photos.
        classes: How many.
        width: Channels of the decoder.
    """

    def __init__(self, *, encoder: str, channels: int, classes: int, width: int) -> None:
        super().__init__()
        made: Any = timm.create_model(
            encoder,
            pretrained=False,
            features_only=True,
            in_chans=channels,
            out_indices=tuple(range(LEVELS)),
        )
        self.encoder: nn.Module = made
        found = made.feature_info.channels()
        self.full = _convolution(channels, width)  # what the encoder's stem blurs: thin borders
        self.laterals = nn.ModuleList(nn.Conv2d(count, width, 1) for count in found)
        self.merges = nn.ModuleList(_convolution(width, width) for _ in found)
        self.head = nn.Sequential(_convolution(width, width), nn.Conv2d(width, classes, 1))

    def forward(self, photo: Tensor) -> Tensor:
        """`B C H W` of any size -> `B K H W`."""
        height, width = photo.shape[-2:]
        room = (0, -width % MULTIPLE, 0, -height % MULTIPLE)
        padded = F.pad(photo, room, mode="replicate") if any(room) else photo
        features = self.encoder(padded)
        coarse: Tensor | None = None
        for feature, lateral, merge in zip(
            reversed(features), reversed(self.laterals), reversed(self.merges), strict=True
        ):
            here = lateral(feature)
            if coarse is not None:
                here = here + F.interpolate(coarse, size=here.shape[-2:], mode="nearest")
            coarse = merge(here)
        assert coarse is not None
        fine = self.full(padded)
        fine = fine + F.interpolate(coarse, size=fine.shape[-2:], mode="nearest")
        logits: Tensor = self.head(fine)
        return logits[..., :height, :width]


def _convolution(given: int, made: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(given, made, 3, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU()
    )
