"""The menu of metrics that a network judges, with nothing beside what gan-zoo installs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from gan_zoo.components import Image, MetricSpec, UserError, backbones

if TYPE_CHECKING:
    from typing import Self

    from gan_zoo.components import Metric, MetricContext

RANDOM = "random"
WORDS = ("imagenet", "none")  # weights that are no file


class FeatureDistanceSpec(MetricSpec, name="feature_distance"):
    """How far the outputs as a set are from the targets, by features of a fixed network: the
    unbiased kernel distance of KID (Binkowski et al. 2018), with another network.

    It is neither KID nor FID, and never stands beside those. Random features, the default, need no
    file and rank models much as trained ones do (Lee et al. 2022). In medicine and other domains
    far from photos, features of ImageNet may still rank better (Woodland et al. 2024): try both.
    Near 0, or below, these pictures do not tell outputs from targets; look at the standard error
    beside it. One picture has no distance: the score is then not a number.
    """

    of_sets: ClassVar[bool] = True
    files: ClassVar[tuple[str, ...]] = ("weights",)
    protocol: ClassVar[str] = (
        "squared maximum mean discrepancy with the kernel (x.y/d + 1)^3 of d features, unbiased "
        "U-statistic over all pictures at their own sizes, terms of an output with its own target "
        "left out; no subsets; not FID, not KID"
    )

    network: Literal["random"] | str = Field("random", examples=["test_resnet"])
    """`random`: four convolutions that learned nothing and are the same on every machine, float64
    on the CPU. Or a convolutional model of timm, its deepest features, on the run's device.
    """
    weights: Literal["imagenet", "none"] | str = "imagenet"
    """Of a model of timm (the network `random` looks at none): `imagenet` (timm's own, from its
    cache), a file with the model's state dict, or `none`: random ones that follow from the seed.
    """
    seed: int = Field(0, ge=0)
    """Of random weights."""

    @model_validator(mode="after")
    def _weights_have_a_network(self) -> Self:
        if self.network == RANDOM and self.weights not in WORDS:
            raise ValueError(
                f"weights {self.weights} came, and the network random draws its own; name the "
                "model of timm that they are of in network, or leave weights out"
            )
        return self

    def check(self, maps: Mapping[str, Image]) -> None:
        """The network must exist."""
        if self.network != RANDOM:
            backbones.require_model(self.network, option="network")

    def missing(self) -> list[str]:
        """The file of the weights, where it is not at hand."""
        if self.network == RANDOM or self.weights == "none" or self._file() is not None:
            return []
        cure = "Or set weights to a file, or network to random, which needs none"
        if self.weights == "imagenet":
            return [f"{backbones.how_to_fetch(self.network)}. {cure}"]
        return [
            f"weights: there is no file {self.weights}; give a .safetensors or .pth with the state "
            f"dict of {self.network}. {cure}"
        ]

    def with_absolute_paths(self) -> Self:
        """The same from any working directory: the file's path made absolute."""
        if self.weights in WORDS:
            return self
        path = Path(self.weights).expanduser().resolve()
        return self.model_copy(update={"weights": str(path)})

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator.

        Raises:
            UserError: the weights are absent or of another model, or the model is no encoder.
        """
        import torch

        from gan_zoo_metrics import fixed_networks
        from gan_zoo_metrics.feature_distance import FeatureDistance

        network: torch.nn.Module
        if self.network == RANDOM:
            network = fixed_networks.RandomConvolutions(seed=self.seed)
            told = "random convolutions: 3x3, stride 2, ReLU, 32-64-128-256 channels, mean over "
            judge = {"network": f"{told}pixels of each layer", "seed": self.seed}
            device, dtype = "cpu", torch.float64  # the same numbers everywhere
        else:
            backbone = fixed_networks.PooledBackbone(self.network, seed=self.seed)
            if self.weights != "none":
                path = self._file()
                if path is None:
                    raise UserError(self.missing()[0])
                backbone.fill(self.network, path, own=self.weights == "imagenet")
            network = backbone
            judge = {"network": f"timm {self.network}, deepest features, mean over pixels"}
            device, dtype = at.device, torch.float32
        judge["weights"] = fixed_networks.digest(network)
        return FeatureDistance(network, judge, device=device, dtype=dtype, say=at.say)

    def _file(self) -> Path | None:
        """The file of the weights; None where it is not at hand."""
        if self.weights != "imagenet":
            path = Path(self.weights).expanduser()
            return path if path.is_file() else None
        from gan_zoo.components import pretrained  # seconds, and torch

        return pretrained.cached_weights(self.network)
