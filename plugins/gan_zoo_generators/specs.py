"""The menu of generators: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, PositiveInt

from gan_zoo import backbones
from gan_zoo.errors import ContractError, UserError
from gan_zoo.published import Reading, Shapes
from gan_zoo.shapes import Image, require_halvings
from gan_zoo.specs import GeneratorSpec, Norm, Published
from gan_zoo_generators import published
from gan_zoo_generators.bases import Levels, Residual
from gan_zoo_generators.contracts import (
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


class UNetSpec(Levels, name="unet"):
    """Encoder and decoder joined by skips (Isola et al. 2017, sec. 3.2.1)."""

    dropout: Literal["none", "code", "paper"] = "code"
    """Decoder levels with dropout 0.5: `paper` 1 to 3, `code` (published PyTorch) 2 to depth-4."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A UNet."""
        from gan_zoo_generators.unet import UNet

        return UNet(**self._layers(given, wanted), dropout=self.dropout)

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_G.pth` of the published PyTorch pix2pix."""
        if self.norm == "group" or (self.upsampling, self.padding) != ("transposed", "zero"):
            return []  # with another padding the tensors would fit, and compute something else
        return [Published("G", published.unet_keys(self.depth, self.norm))]

    @classmethod
    def read_off(cls, shapes: Shapes) -> Reading | None:
        """Of the published PyTorch pix2pix."""
        return published.read_unet(shapes)

    def _last(self) -> int:
        return 2 * self.width  # the skip's and its own


class EncoderDecoderSpec(Levels, name="encoder_decoder"):
    """The U-Net with its skips cut (Isola et al. 2017, sec. 4.3); published for Lua Torch only."""

    dropout: Literal["none", "paper"] = "paper"
    """Decoder levels with dropout 0.5: `paper` 1 to 3, the only published placement."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """An EncoderDecoder."""
        from gan_zoo_generators.encoder_decoder import EncoderDecoder

        return EncoderDecoder(**self._layers(given, wanted), dropout=self.dropout)


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
        how = (self.downsamplings, self.upsampling, self.padding)
        if self.norm == "group" or how != (2, "transposed", "reflect"):
            return []  # with another padding the tensors would fit, and compute something else
        keys = published.resnet_keys(self.blocks, self.norm, dropout=self._drops())
        return [Published("G", keys)]

    @classmethod
    def read_off(cls, shapes: Shapes) -> Reading | None:
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
    def read_off(cls, shapes: Shapes) -> Reading | None:
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
    coarse: GeneratorSpec = GlobalSpec()
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
                )
                for n, width in enumerate(widths, start=1)
            ],
        )

    def fetch(self, module: nn.Module) -> None:
        """What the coarse part learned elsewhere."""
        self.coarse.fetch(module.get_submodule("coarse"))

    def staged(self, module: nn.Module) -> nn.Module:
        """What plays of the coarse part, with all enhancers."""
        whole = module.get_submodule("coarse")
        coarse = self.coarse.staged(whole)
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
    def read_off(cls, shapes: Shapes) -> Reading | None:
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


class TimmUNetSpec(GeneratorSpec, name="unet_timm"):
    """A U-Net (Ronneberger et al. 2015) whose encoder is a backbone of timm."""

    exportable = True

    backbone: str = Field("resnet18", examples=["regnetx_002"])
    """A convolutional model of timm; the recipe's init fills it too, before weights are loaded."""
    weights: Literal["none", "imagenet"] | str = "none"
    """`none`, `imagenet` (timm's own, from its cache) or a file with the model's state dict."""
    levels: int = Field(5, ge=1, le=5)
    """Number of halvings; height and width must be multiples of 2^levels."""
    width: PositiveInt = 32
    """Channels of the decoder at full resolution; they double inwards, up to 8 times as many."""
    norm: Norm = "batch"
    """Normalization of the decoder; only `instance` gives its convolutions a bias."""
    upsampling: Upsampling = "nearest"
    """How the decoder doubles the sides; `transposed` can show as checkers."""
    padding: Padding = "zero"
    """What surrounds the decoder's convolutions; around transposed ones there are always zeros."""

    @classmethod
    def example(cls) -> Self:
        """A backbone that timm has for tests."""
        return cls(backbone="test_byobnet", levels=3, width=2)

    def check(self, given: Image, wanted: Image) -> None:
        """timm must have the model, and sides must survive every halving."""
        backbones.require(self.backbone)
        require_halvings(given, self.levels, option="levels")
        if self.padding == "reflect" and self.upsampling == "pixel_shuffle":
            cure = f"another upsampling, or padding replicate, or levels < {self.levels}"
            require_mirror(given, self.levels, option="levels", cure=cure)

    def multiple(self) -> int:
        """2^levels."""
        return int(2**self.levels)

    def parts(self) -> Mapping[str, str]:
        """The backbone and the way up."""
        return {"encoder": "encoder", "decoder": "decoder"}

    def features(self, given: Image, wanted: Image) -> Image:
        """As high and wide as the picture."""
        return given.with_channels(self.width)

    def missing(self) -> list[str]:
        """The file of the weights, where it is not at hand."""
        if self.weights == "none" or self._file() is not None:
            return []
        if self.weights == "imagenet":
            return [f"{backbones.fetching(self.backbone)}. Or set weights to a file"]
        return [
            f"weights: there is no file {self.weights}; give a .safetensors or .pth with the state "
            f"dict of timm's {self.backbone}, or imagenet, or none"
        ]

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A TimmUNet. One that is pretrained on RGB takes RGB as its weights know it: converted
        from [-1, 1] to their mean and deviation. Other channels enter as they are.

        Raises:
            ContractError: the model is no encoder for this: only timm can tell.
        """
        from gan_zoo import pretrained
        from gan_zoo_generators import timm_models
        from gan_zoo_generators.unet_timm import Encoder, TimmUNet

        plan = timm_models.plan(self.backbone, channels_in=given.channels, levels=self.levels)
        backbone = pretrained.build(self.backbone, channels_in=given.channels, indices=plan.indices)
        converts = self.weights != "none" and given.channels == 3
        return TimmUNet(
            encoder=Encoder(
                backbone=backbone,
                channels_in=given.channels,
                places=plan.places,
                statistics=(plan.mean, plan.deviation) if converts else None,
            ),
            channels=[given.channels, *plan.channels],
            channels_out=wanted.channels,
            width=self.width,
            norm=self.norm,
            upsampling=self.upsampling,
            padding=self.padding,
        )

    def fetch(self, module: nn.Module) -> None:
        """Fill the backbone."""
        if self.weights == "none":
            return
        from gan_zoo import pretrained

        path = self._file()
        if path is None:
            raise UserError(self.missing()[0])
        encoder: Any = module.get_submodule("encoder")
        pretrained.fill(
            encoder.backbone,
            self.backbone,
            path,
            channels_in=encoder.channels_in,
            own=self.weights == "imagenet",
        )

    def _file(self) -> Path | None:
        """The file of the weights; None where it is not at hand."""
        if self.weights == "imagenet":
            from gan_zoo import pretrained  # seconds, and torch

            return pretrained.cached(self.backbone)
        path = Path(self.weights).expanduser()
        return path if path.is_file() else None


def is_published(spec: GlobalSpec | LocalEnhancerSpec) -> bool:
    """Whether pix2pixHD has such layers; with another padding the tensors would fit, and compute
    something else. Without a norm they are those of instance norm: only the recipe can tell.
    """
    how = (spec.upsampling, spec.padding)
    return spec.norm != "group" and how == ("transposed", "reflect")
