"""Pictures as files hold them."""

from __future__ import annotations

import torch
from einops import rearrange
from PIL import Image as PIL
from torch import Tensor

from gan_zoo.errors import UserError

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # channels -> Pillow's word


def as_8bit(picture: Tensor) -> Tensor:
    """Floats in [-1, 1] -> uint8, rounded."""
    return ((picture + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def to_pil(picture: Tensor) -> PIL.Image:
    """uint8 `C H W` with 1, 2, 3 or 4 channels -> PIL.

    Raises:
        UserError: more channels than a picture file holds.
    """
    channels = picture.shape[0]
    if channels not in MODES:
        raise UserError(f"a picture of {channels} channels has no file format here; use tensors")
    array = rearrange(picture, "c h w -> h w c").numpy()
    return PIL.fromarray(array[..., 0] if channels == 1 else array)
