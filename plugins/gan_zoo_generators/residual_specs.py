"""The menu of residual generators and what is built around them: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, PositiveInt

from gan_zoo.components import (
    ContractError,
    GeneratorSpec,
    Image,
    Norm,
    Published,
    Reading,
    Shapes,
)
from gan_zoo_generators import published
from gan_zoo_generators.bases import Residual
from gan_zoo_generators.contracts import (
    Activation,
    Padding,
    Upsampling,
    enhancer_widths,
    hidden_bias,
    require_mirror,
    require_pyramid,
    require_statistics,
)

if TYPE_CHECKING:
    from torch import nn


class ResNetSpec(Residual, name="resnet"):
    """Residual blocks at low resolution (Johnson et al. 2016; pix2pix's PyTorch code)."""

    blocks: PositiveInt = 9
    """Number of residual blocks; published are 9 for 256 pixels and 6 for 128."""
    downsamplings: PositiveInt = 2
    """Number of halvings (published: 2); height and width must be multiples of 2^downsamplings."""
    norm: Norm = "batch"
    """Normalization after every convolution but the last; only `instance` gives them a bias."""
    dropout: Literal["none", "code"] = "none"
    """`code`: dropout 0.5 inside every block, which the published program has as an option."""

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_G.pth` of the published PyTorch pix2pix, which halves twice and mirrors."""
        how = (self.downsamplings, self.upsampling, self.padding, self.activation)
        if self.norm == "group" or how != (2, "transposed", "reflect", "relu"):
            return []  # with another padding the tensors would fit, and compute something else
        keys = published.resnet_keys(self.blocks, self.norm, dropout=self._drops())
        return [Published("G", keys)]

    @classmethod
    def recognize(cls, shapes: Shapes) -> Reading | None:
        """Of the published PyTorch pix2pix."""
        return published.read_resnet(shapes)

    def _biased(self) -> bool:
        return hidden_bias(self.norm)

    def _drops(self) -> bool:
        return self.dropout == "code"


class GlobalSpec(Residual, name="global"):
    """The global generator of pix2pixHD (Wang et al. 2018, sec. 3.1): residual blocks, deeper."""

    downsamplings: PositiveInt = 4
    """Number of halvings; height and width must be multiples of 2^downsamplings."""
    norm: Norm = "instance"
    """Normalization after every convolution but the last; all have a bias, whatever the norm."""

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_G.pth` of the published pix2pixHD without enhancers."""
        if not is_published(self):
            return []
        keys = published.global_keys(self.downsamplings, self.blocks, self.norm)
        return [Published("G", keys)]

    @classmethod
    def recognize(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pixHD without enhancers."""
        return published.read_global(shapes)


class LocalEnhancerSpec(GeneratorSpec, name="local_enhancer"):
    """Coarse to fine (Wang et al. 2018, sec. 3.1): each enhancer doubles a coarse generator."""

    exportable = True

    enhancers: PositiveInt = 1
    """How often the coarse part's resolution is doubled; each one has half the channels."""
    blocks: PositiveInt = 3
    """Number of residual blocks of an enhancer."""
    norm: Norm = "instance"
    """Normalization of the enhancers; all their convolutions have a bias, whatever the norm."""
    upsampling: Upsampling = "transposed"
    """How enhancers double the sides; `transposed` is published, and can show as checkers."""
    padding: Padding = "reflect"
    """Around the enhancers' convolutions that keep the sides; the others have zeros."""
    activation: Activation = "relu"
    """Of the enhancers, after every norm but those that end a block; `relu` is published."""
    coarse: GeneratorSpec = Field(default_factory=GlobalSpec)
    """Works at the low resolution, used up to the features before its head: any that has them."""

    @classmethod
    def example(cls) -> Self:
        """One enhancer and a coarse part of a few channels."""
        return cls(blocks=1, coarse=GlobalSpec(width=4, blocks=1, downsamplings=2))

    def check(self, given: Image, wanted: Image) -> None:
        """The coarse part must take its size, and every enhancer must have something to mirror."""
        self._widths(given, wanted)
        require_pyramid(given, self.enhancers, self.coarse.multiple())
        if self.padding == "reflect":
            cure = "padding zero or replicate"
            require_mirror(given, self.enhancers, option="enhancers", cure=cure)
        elif self.norm == "instance":
            require_statistics(given, self.enhancers, option="enhancers")
        coarse = self._coarse(given), self._coarse(wanted)
        try:
            self.coarse.check(*coarse)
        except ContractError as problem:
            at = f"the coarse part works on {coarse[0]}: {problem}"
            option = ".".join(filter(None, ("coarse", problem.option)))
            raise ContractError(at, option=option) from None

    def multiple(self) -> int:
        """The coarse part's, doubled by every enhancer."""
        return int(2**self.enhancers) * self.coarse.multiple()

    def plays(self) -> Mapping[str, GeneratorSpec]:
        """The coarse part has a head of its own."""
        return {"coarse": self.coarse}

    def parts(self) -> Mapping[str, str]:
        """The coarse part with its own parts, and the enhancers from the innermost out."""
        inside = {f"coarse.{part}": f"coarse.{path}" for part, path in self.coarse.parts().items()}
        each = {f"enhancers.{n}": f"enhancers.{n}" for n in range(1, self.enhancers + 1)}
        return {"coarse": "coarse", **inside, "enhancers": "enhancers", **each}

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A LocalEnhancer.

        Raises:
            ContractError: the coarse part shows no features, or no such number of them.
        """
        from gan_zoo_generators.local_enhancer import Enhancer, LocalEnhancer

        widths = self._widths(given, wanted)
        return LocalEnhancer(
            coarse=self.coarse.build(self._coarse(given), self._coarse(wanted)),
            enhancers=[
                Enhancer(
                    channels_in=given.channels,
                    channels_out=wanted.channels if n == self.enhancers else None,
                    width=width,
                    blocks=self.blocks,
                    downsamplings=1,
                    norm=self.norm,
                    bias=True,
                    dropout=False,
                    upsampling=self.upsampling,
                    padding=self.padding,
                    activation=self.activation,
                )
                for n, width in enumerate(widths, start=1)
            ],
        )

    def fetch(self, module: nn.Module) -> None:
        """What the coarse part learned elsewhere."""
        self.coarse.fetch(module.get_submodule("coarse"))

    def playing_part(self, module: nn.Module) -> nn.Module:
        """What plays of the coarse part, with all enhancers."""
        whole = module.get_submodule("coarse")
        coarse = self.coarse.playing_part(whole)
        if coarse is whole:
            return module
        from gan_zoo_generators.local_enhancer import LocalEnhancer

        return LocalEnhancer(coarse=coarse, enhancers=module.get_submodule("enhancers").children())

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_G.pth` of the published pix2pixHD, which has no coarse head here."""
        coarse = self.coarse
        if not isinstance(coarse, GlobalSpec) or not is_published(coarse) or not is_published(self):
            return []
        if (self.norm == "batch") != (coarse.norm == "batch"):
            return []
        keys = published.local_keys(
            enhancers=self.enhancers,
            blocks=self.blocks,
            norm=self.norm,
            coarse=published.global_keys(
                coarse.downsamplings, coarse.blocks, coarse.norm, head=False
            ),
        )
        head = published.global_keys(coarse.downsamplings, coarse.blocks, coarse.norm).values()
        rests = frozenset(f"coarse.{key}" for key in head) - set(keys.values())
        return [Published("G", keys, rests)]

    @classmethod
    def recognize(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pixHD with enhancers."""
        return published.read_local(shapes)

    def _coarse(self, image: Image) -> Image:
        """What the coarse part sees, or makes by itself: the picture, halved by every enhancer."""
        sides = (side and -(-side // 2**self.enhancers) for side in (image.height, image.width))
        return image.resized(*sides)

    def _widths(self, given: Image, wanted: Image) -> list[int]:
        """Channels of every enhancer.

        Raises:
            ContractError: the coarse part shows no features, or no such number of them.
        """
        features = self.coarse.features(self._coarse(given), self._coarse(wanted))
        if features is None:
            raise ContractError(
                f"{type(self.coarse).name} shows no features before its head, which enhancers "
                "would go on from. Use one that does, as global, resnet or unet",
                option="coarse",
            )
        return enhancer_widths(features.channels, self.enhancers)


def is_published(spec: GlobalSpec | LocalEnhancerSpec) -> bool:
    """Whether pix2pixHD has such layers; with another padding the tensors would fit, and compute
    something else. Without a norm they are those of instance norm: only the recipe can tell.
    """
    how = (spec.upsampling, spec.padding, spec.activation)
    return spec.norm != "group" and how == ("transposed", "reflect", "relu")
