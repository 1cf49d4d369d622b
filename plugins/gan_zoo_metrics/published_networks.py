"""The networks whose features sets of pictures are compared by: Inception v3 and VGG16 as
torch-fidelity has them, and DINOv2 through timm. Each is `1 3 H W -> 1 D` of 8-bit pictures, which
are resized as TensorFlow 1 did.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x
from torchvision import models

from gan_zoo.components import on_meta
from gan_zoo_metrics.features import DIGITS, Features, Weights, shared_features
from gan_zoo_metrics.published_files import INCEPTION, VGG16, PublishedFile

SIDE = 224  # of pictures that networks of ImageNet see
PATCH = 14  # of DINOv2
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def inception(said: str, device: str) -> Features:
    """Inception v3's pool3, D = 2048: what FID and KID were defined by.

    Raises:
        UserError: the file of the weights is absent, damaged or of another network.
    """
    return _features("inception-v3-compat 2048", INCEPTION, said, device, _inception)


def vgg16(said: str, device: str) -> Features:
    """VGG16's second hidden layer after its ReLU, D = 4096: that of precision and recall.

    Raises:
        UserError: as above.
    """
    return _features("vgg16 fc2_relu", VGG16, said, device, _vgg16)


def dinov2(name: str, file: PublishedFile, said: str, device: str) -> Features:
    """DINOv2's class token after the last norm.

    Args:
        name: Of timm's model.
        file: Its published weights.
        said: Where the recipe says that they are.
        device: Where it computes.

    Raises:
        UserError: as above.
    """
    return _features(f"{name} class token", file, said, device, lambda held: _dinov2(name, held))


def _features(name: str, file: PublishedFile, said: str, device: str, fill: Any) -> Features:
    def make() -> Features:
        weights = Weights.read(file, said)
        judge = {"network": name, "weights": weights.sha256[:DIGITS]}
        return Features(fill(weights).to(device), judge, device)

    return shared_features(name, file.require(said), device, make)


# ---------------------------------------------------------------------------------- Inception


class Inception(FeatureExtractorInceptionV3):  # type: ignore[misc]
    """torch-fidelity's network without weights. Its own constructor would fetch them, or unpickle
    a file without care; it is given an empty one, and filled from tensors.
    """

    def __init__(self) -> None:
        empty = io.BytesIO()
        torch.save({}, empty)
        empty.seek(0)
        super().__init__("inception-v3-compat", ["2048"], feature_extractor_weights_path=empty)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Of the empty file nothing is loaded."""
        if state_dict:
            return super().load_state_dict(state_dict, strict, assign)
        return None

    def forward(self, pictures: Tensor) -> Tensor:
        """The features alone."""
        features: Tensor = super().forward(pictures)[0]
        return features


def _inception(weights: Weights) -> nn.Module:
    with on_meta():
        network = Inception()
    weights.fill(network, INCEPTION.network)
    return network


# ---------------------------------------------------------------------------------- ImageNet's


class OfImageNet(nn.Module):
    """A network that sees pictures of 224 x 224 with ImageNet's mean and deviation.

    Args:
        network: `1 3 224 224 -> 1 D`.
        rectify: Whether negative features become 0.
    """

    def __init__(self, network: nn.Module, *, rectify: bool = False) -> None:
        super().__init__()
        self.network, self.rectify = network, rectify
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            scaled = torch.tensor([255 * value for value in values])
            self.register_buffer(name, scaled[:, None, None], persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 `1 3 H W -> 1 D`."""
        size = (SIDE, SIDE)
        x = interpolate_bilinear_2d_like_tensorflow1x(pictures.float(), size, align_corners=False)
        x = self.network((x - self.mean) / self.deviation)
        return functional.relu(x) if self.rectify else x


def _vgg16(weights: Weights) -> nn.Module:
    with on_meta():
        network = models.vgg16()
    del network.classifier[4:]  # the ReLU after the second hidden layer, and the classes
    weights.fill(network, VGG16.network)
    return OfImageNet(network, rectify=True)


def _dinov2(name: str, weights: Weights) -> nn.Module:
    with on_meta():
        network: Any = timm.create_model(name, img_size=SIDE, num_classes=0)
    key = "pos_embed"
    if (positions := weights.tensors.get(key)) is not None and positions.ndim == 3:
        held = {**weights.tensors, key: resampled_positions(positions)}
        weights = Weights(weights.path, held, weights.sha256)
    weights.fill(network, f"timm's {name}")
    return OfImageNet(network)


def resampled_positions(positions: Tensor) -> Tensor:
    """What DINOv2 adds to the tokens, for pictures of 224 x 224: `1 1+N D -> 1 1+256 D`. As in its
    own code: bicubic with a scale of a tenth of a patch too much, which timm does otherwise.
    """
    side, wanted = math.isqrt(positions.shape[1] - 1), SIDE // PATCH
    if side * side != positions.shape[1] - 1 or side == wanted:
        return positions
    patches = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    scale = (wanted + 0.1) / side
    patches = functional.interpolate(patches, scale_factor=(scale, scale), mode="bicubic")
    return torch.cat([positions[:, :1], patches.flatten(2).transpose(1, 2)], dim=1)
