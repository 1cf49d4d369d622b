"""The networks whose features are compared: random convolutions, and backbones of timm."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components import ContractError, UserError, pretrained

WIDTHS = (32, 64, 128, 256)


class RandomConvolutions(nn.Module):
    """Convolutions of 3x3, stride 2, with zeros around and ReLU, 32 to 256 channels, that learn
    nothing. Pictures `B 3 H W` of any size -> `B 480`: of every layer the mean over pixels.

    The weights are uniform as He et al. 2015 scale them, and are made of the raw numbers of PCG64,
    which numpy promises to keep: a seed is the same network on every machine. float64.

    Args:
        seed: Of the weights.
    """

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        draw, channels = np.random.PCG64(seed), 3
        self.weights = nn.ParameterList()
        for width in WIDTHS:
            shape = (width, channels, 3, 3)
            raw = draw.random_raw(math.prod(shape)) >> np.uint64(11)  # 53 bits
            uniform = (raw * 2.0**-52 - 1) * math.sqrt(6 / (channels * 9))
            self.weights.append(torch.from_numpy(uniform).reshape(shape))
            channels = width

    def forward(self, picture: Tensor) -> Tensor:
        """The features."""
        x, found = picture, []
        for weight in self.weights:
            x = F.conv2d(x, weight, stride=2, padding=1).relu()
            found.append(x.mean((2, 3)))
        return torch.cat(found, dim=1)


class PooledBackbone(nn.Module):
    """The deepest features of a backbone of timm, as their mean over pixels: `B 3 H W -> B d`.

    Args:
        name: The model's.
        seed: Of its first weights.

    Raises:
        UserError: it is no encoder for pictures of any size.
    """

    def __init__(self, name: str, *, seed: int) -> None:
        super().__init__()
        try:
            whole = pretrained.build_on_meta(name, option="network", in_chans=3)
            channels, reduction = (
                whole.feature_info.channels()[-1],
                whole.feature_info.reduction()[-1],
            )
            last = (len(whole.feature_info.channels()) - 1,)
            made = pretrained.build_on_meta(name, option="network", in_chans=3, out_indices=last)
            expected = [(channels, reduction)]
            pretrained.require_features(
                name, made, channels_in=3, expected=expected, option="network"
            )
        except ContractError as problem:
            raise UserError(f"feature_distance: {problem}") from None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.backbone = pretrained.build_backbone(name, channels_in=3, indices=last)
        config = whole.pretrained_cfg
        self.register_buffer("mean", torch.tensor(config["mean"]).reshape(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(config["std"]).reshape(1, 3, 1, 1))

    def fill(self, name: str, path: Path, *, own: bool) -> None:
        """Put weights into it.

        Raises:
            UserError: the file is damaged, or of another model.
        """
        pretrained.fill_backbone(self.backbone, name, path, channels_in=3, own=own)

    def forward(self, picture: Tensor) -> Tensor:
        """The features of pictures in [-1, 1], normalized as the weights know them."""
        seen = (picture / 2 + 0.5 - self.get_buffer("mean")) / self.get_buffer("deviation")
        features: Tensor = self.backbone(seen)[-1]
        return features.mean((2, 3))


def digest(network: nn.Module) -> str:
    """Of its weights, whatever machine they are on."""
    made = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        values = tensor.detach().cpu().contiguous().numpy()
        made.update(f"{name} {values.dtype.name} {[*values.shape]}".encode())
        made.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    return made.hexdigest()[:16]
