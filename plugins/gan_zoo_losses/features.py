"""The networks of the perceptual loss: VGGs of torchvision, and backbones of timm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision import models

from gan_zoo.components import ContractError, UserError, format_size, on_meta, pretrained

# Mean and deviation of ImageNet's pictures in [0, 1], which VGG's published weights know.
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class VGG(nn.Module):
    """VGG (Simonyan and Zisserman 2015) up to the first ReLU of its deepest block that is asked
    for. `B 3 H W -> [B E H/2^(k-1) W/2^(k-1)]` for each level k: relu1_1 to relu5_1.

    Its keys are those of torchvision's whole model. The first weights are drawn as there.

    Args:
        name: vgg19 or vgg16.
        levels: The blocks, in rising order from 1.
    """

    def __init__(self, *, name: str, levels: Sequence[int]) -> None:
        super().__init__()
        layers = _layers(name)
        halvings = [i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
        firsts = [1, *(index + 2 for index in halvings[:-1])]  # after a convolution each
        self.taps = [firsts[level - 1] for level in levels]
        self.least = int(2 ** (levels[-1] - 1))
        self.features = layers[: self.taps[-1] + 1].to_empty(device=torch.get_default_device())
        for layer in self.features:
            if isinstance(layer, nn.Conv2d):
                assert layer.bias is not None
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """The features of the levels.

        Raises:
            UserError: the picture is too small for them.
        """
        if min(picture.shape[-2:]) < self.least:
            raise UserError(
                f"a picture of {format_size(picture.shape[-2:])} is too small to be halved "
                f"{len(bin(self.least)) - 3} times by VGG; sides of {self.least} or more are "
                "needed. Use larger pictures, or leave out the deepest of the loss's levels"
            )
        x, found = picture, []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                found.append(x)
        return found


def _layers(name: str) -> nn.Sequential:
    """All convolutions of a VGG, on the meta device: the classifier is seven times as large."""
    with on_meta():
        made: nn.Sequential = models.get_model(name, weights=None, init_weights=False).features
    return made


def fill_vgg(module: VGG, name: str, path: Path) -> None:
    """Fill a VGG with weights of torchvision's whole model, or of its features alone.

    Raises:
        UserError: the file is damaged, or of another model.
    """
    held = pretrained.read_weights(path)
    inside = "features."
    stored = {k.removeprefix(inside): t for k, t in held.items() if k.startswith(inside)} or held
    wanted = {key: tuple(tensor.shape) for key, tensor in _layers(name).state_dict().items()}
    wrong = pretrained.describe_misfit(stored, wanted)
    if not wrong and (others := [key for key in stored if key not in wanted]):
        wrong = f"{others[0]} is none of its {len(wanted)} tensors"
    if wrong:
        raise UserError(
            f"{path} holds no weights of torchvision's {name}: {wrong}. Give the state_dict() of "
            f"torchvision.models.{name}(), or of its features, or the network that the file is of"
        )
    ours = module.features.state_dict()
    module.features.load_state_dict({key: stored[key] for key in ours})


@dataclass(frozen=True)
class Backbone:
    """A fresh backbone of timm, and what is to be known of it.

    Args:
        network: Pictures `B 3 H W` -> features, one tensor a level.
        levels: Which of its features these are, counted from 1 as timm lists them.
        count: How many it has.
        statistics: Mean and deviation, by channel, of the pictures in [0, 1] that its published
            weights know.
    """

    network: nn.Module
    levels: tuple[int, ...]
    count: int
    statistics: tuple[Sequence[float], Sequence[float]]


def backbone(name: str, levels: Sequence[int] | None) -> Backbone:
    """Build one.

    Args:
        name: The model's.
        levels: In rising order; all that it has if absent.

    Raises:
        ContractError: it has no such level, or is no encoder for pictures of any size.
    """
    whole = pretrained.build_on_meta(name, option="network", in_chans=3)
    channels, reductions = whole.feature_info.channels(), whole.feature_info.reduction()
    levels = tuple(levels or range(1, len(channels) + 1))
    if levels[-1] > len(channels):
        sizes = ", ".join(f"{k} at 1/{r}" for k, r in enumerate(reductions, start=1))
        raise ContractError(
            f"level {levels[-1]} came; timm's {name} has {len(channels)}: {sizes} of the sides",
            option="levels",
        )
    indices = tuple(level - 1 for level in levels)
    pretrained.require_features(
        name,
        pretrained.build_on_meta(name, option="network", in_chans=3, out_indices=indices),
        channels_in=3,
        expected=[(channels[index], reductions[index]) for index in indices],
        option="network",
    )
    config = whole.pretrained_cfg
    network = pretrained.build_backbone(name, channels_in=3, indices=indices)
    return Backbone(network, levels, len(channels), (config["mean"], config["std"]))
