"""The menu of losses that compare features, of the discriminator or of a fixed network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import Field, PositiveInt, Strict, model_validator

from gan_zoo.components import (
    ContractError,
    DiscriminatorSpec,
    LossSpec,
    Parts,
    UserError,
    Wiring,
    backbones,
    format_size,
)

if TYPE_CHECKING:
    from typing import Self

    from gan_zoo.components import LossFunction

# Lists of options, which YAML knows and tuples keep.
Levels = Annotated[tuple[PositiveInt, ...], Strict(False), Field(min_length=1)]
Factors = Annotated[tuple[Annotated[float, Field(ge=0)], ...], Strict(False), Field(min_length=1)]

# The published weights by the names of their files in torch hub's cache.
VGG_FILES = {"vgg19": "vgg19-dcbb9e9d.pth", "vgg16": "vgg16-397923af.pth"}
VGG_LEVELS = 5  # blocks of every VGG, with a halving after each


class FeatureMatchingSpec(LossSpec, name="feature_matching"):
    """Distance of the discriminator's features of the picture and of its target (Wang et al. 2018,
    eq. 4): over every map of every scale but the logits, the sum of 1/scales * 4/maps * mean
    |difference|, with so many maps in the scale.
    """

    weight: float = Field(10.0, ge=0)
    """Factor of the generator's term; published: 10."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The views of both pictures."""
        return {"generator": frozenset({"fake_views", "real_views"})}

    def check(self, parts: Parts, wiring: Wiring) -> None:
        """There must be features beside the logits."""
        for network in wiring.networks:
            spec = network.spec
            if isinstance(spec, DiscriminatorSpec) and not any(
                len(view) > 1 for view in spec.views(network.given, network.wanted)
            ):
                raise ContractError(
                    f"{type(spec).name} gives logits alone with these options, and no features to "
                    "be matched; change them, use another discriminator, as patch, or remove this "
                    "loss (null)"
                )

    def build(self) -> LossFunction:
        """The term G_GAN_Feat."""
        from gan_zoo_losses.feature_matching import FeatureMatching

        return FeatureMatching(weight=self.weight)


class PerceptualSpec(LossSpec, name="perceptual"):
    """Distance of the features that a fixed network has of the picture and of its target (Johnson
    et al. 2016; Wang et al. 2018, appendix): the sum over levels of factor * mean |difference|.
    The network computes in the run's precision, the distance in float32.
    """

    weight: float = Field(10.0, ge=0)
    """Factor of the generator's term; published: 10."""
    network: Literal["vgg19", "vgg16"] | str = Field("vgg19", examples=["test_resnet"])
    """vgg19 (published) or vgg16, of torchvision, or a convolutional model of timm."""
    levels: Levels | None = None
    """Which of its features, from 1, in rising order; all if absent. VGG has relu1_1 to relu5_1,
    a timm model those that timm lists.
    """
    factors: Factors | None = None
    """How much each of the levels counts; if absent, the deepest that the network has counts 1 and
    the others, upwards, 1/4, 1/8, ... as published.
    """
    input: Literal["raw", "imagenet"] = "raw"
    """How the network sees pictures in [-1, 1]: as they are (published), or with the mean and
    deviation that its weights know."""
    weights: Literal["imagenet", "none"] | str = "imagenet"
    """`imagenet` (torchvision's or timm's own, from its cache), a file with the model's state dict,
    or `none`: random ones that follow from the seed.
    """

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        levels = self.levels
        if levels is not None and list(levels) != sorted(set(levels)):
            raise ValueError(f"levels {list(levels)} came; name each once, in rising order")
        if levels is not None and self._vgg and levels[-1] > VGG_LEVELS:
            raise ValueError(
                f"level {levels[-1]} came; {self.network} has {VGG_LEVELS}, relu1_1 to relu5_1"
            )
        count = len(levels) if levels else VGG_LEVELS if self._vgg else None
        if self.factors is not None and len(self.factors) != count:
            expected = f"{count} are expected" if count else "say which levels they are of"
            raise ValueError(f"{len(self.factors)} factors came, one for each level; {expected}")
        return self

    @classmethod
    def example(cls) -> Self:
        """A network that timm has for tests, without weights that were learned."""
        return cls(network="test_byobnet", levels=(1, 2), weights="none")

    def needs(self) -> Mapping[str, frozenset[str]]:
        """Both pictures."""
        return {"generator": frozenset({"fake", "real"})}

    def check(self, parts: Parts, wiring: Wiring) -> None:
        """The network must exist, and take such pictures."""
        if not self._vgg:
            backbones.require_model(self.network, option="network")
        target = wiring.maps[wiring.target]
        if target.channels not in (1, 3):
            raise ContractError(
                f"{self.network} sees RGB, or gray as such, and the picture has {target.channels} "
                "channels; remove this loss (null)"
            )
        if not self._vgg:
            return
        deepest = self.levels[-1] if self.levels else VGG_LEVELS
        size = target.size
        if size is not None and min(size) < 2 ** (deepest - 1):
            raise ContractError(
                f"level {deepest} of {self.network} is at 1/{2 ** (deepest - 1)} of the sides, "
                f"and a picture of {format_size(size)} has none; leave out the deepest levels",
                option="levels",
            )

    def missing(self) -> list[str]:
        """The file of the weights, where it is not at hand."""
        if self.weights == "none" or self._file() is not None:
            return []
        cure = (
            "Or set weights to a file, or to none for random ones: --set losses.NAME.weights=none"
        )
        if self.weights != "imagenet":
            return [
                f"weights: there is no file {self.weights}; give a .safetensors or .pth with the "
                f"state dict of {self.network}. {cure}"
            ]
        if not self._vgg:
            return [f"{backbones.how_to_fetch(self.network)}. {cure}"]
        return [
            f"torchvision's weights of {self.network} are not in the cache of this machine; with a "
            'network, fetch them once: python -c "import torchvision; torchvision.models.'
            f"{self.network}(weights='IMAGENET1K_V1')\". {cure}"
        ]

    def notes(self) -> list[str]:
        """Random features are no learned ones."""
        if self.weights != "none":
            return []
        return [f"random features: weights none, so {self.network} has learned nothing"]

    def with_absolute_paths(self) -> Self:
        """The same from any working directory: the file's path made absolute."""
        if self.weights in ("imagenet", "none"):
            return self
        path = Path(self.weights).expanduser().resolve()
        return self.model_copy(update={"weights": str(path)})

    def build(self) -> LossFunction:
        """The term G_VGG.

        Raises:
            ContractError: the model of timm is no encoder for this: only timm can tell.
        """
        from gan_zoo_losses import features
        from gan_zoo_losses.perceptual import Perceptual

        if self._vgg:
            levels = self.levels or tuple(range(1, VGG_LEVELS + 1))
            network = features.VGG(name=self.network, levels=levels)
            made = features.Backbone(network, levels, VGG_LEVELS, features.IMAGENET)
        else:
            made = features.backbone(self.network, self.levels)
        deepest = made.count
        published = [1.0 if k == deepest else 0.5 ** (deepest - k + 1) for k in made.levels]
        return Perceptual(
            network=made.network,
            factors=self.factors or published,
            statistics=made.statistics if self.input == "imagenet" else None,
            weight=self.weight,
        )

    def fetch(self, loss: LossFunction) -> None:
        """Fill the network."""
        if self.weights == "none":
            return
        from gan_zoo.components import pretrained
        from gan_zoo_losses import features

        path, perceptual = self._file(), cast(Any, loss)
        if path is None:
            raise UserError(self.missing()[0])
        if self._vgg:
            features.fill_vgg(perceptual.network, self.network, path)
        else:
            own = self.weights == "imagenet"
            pretrained.fill_backbone(perceptual.network, self.network, path, channels_in=3, own=own)

    @property
    def _vgg(self) -> bool:
        return self.network in VGG_FILES

    def _file(self) -> Path | None:
        """The file of the weights; None where it is not at hand."""
        if self.weights != "imagenet":
            path = Path(self.weights).expanduser()
            return path if path.is_file() else None
        if self._vgg:
            return backbones.hub_file(VGG_FILES[self.network])
        from gan_zoo.components import pretrained  # seconds, and torch

        return pretrained.cached_weights(self.network)
