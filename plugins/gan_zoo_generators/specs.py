"""The menu of generators: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, PositiveInt

from gan_zoo.errors import UserError
from gan_zoo.shapes import Image, require_halvings
from gan_zoo.specs import GeneratorSpec, Norm, Published
from gan_zoo_generators import backbones, published
from gan_zoo_generators.contracts import Padding, Upsampling, require_mirror, require_statistics

if TYPE_CHECKING:
    from torch import nn


class Levels(GeneratorSpec):
    """What the U-Net shares with the same net without skips."""

    width: PositiveInt = 64
    """Channels of the first level; they double inwards, up to 8 times as many."""
    depth: int = Field(8, ge=2)
    """Number of halvings; height and width must be multiples of 2^depth."""
    norm: Norm = "batch"
    """Normalization of the hidden levels; only `instance` gives their convolutions a bias."""
    upsampling: Upsampling = "transposed"
    """How the decoder doubles the sides; `transposed` is published, and can show as checkers."""
    padding: Padding = "zero"
    """What surrounds the convolutions; around transposed ones there are always zeros."""

    @classmethod
    def example(cls) -> Self:
        """Three levels of a few channels."""
        return cls(width=4, depth=3)

    def check(self, given: Image, wanted: Image) -> None:
        """Sides must survive every halving."""
        require_halvings(given, self.depth, option="depth")
        if self.padding == "reflect" and self.upsampling == "pixel_shuffle":
            cure = f"another upsampling, or padding replicate, or depth < {self.depth}"
            require_mirror(given, self.depth, option="depth", cure=cure)

    def multiple(self) -> int:
        """2^depth."""
        return int(2**self.depth)

    def parts(self) -> Mapping[str, str]:
        """The way down and the way up."""
        return {"encoder": "encoder", "decoder": "decoder"}


class UNetSpec(Levels, name="unet"):
    """Encoder and decoder joined by skips (Isola et al. 2017, sec. 3.2.1)."""

    dropout: Literal["none", "code", "paper"] = "code"
    """Decoder levels with dropout 0.5: `paper` 1 to 3, `code` (published PyTorch) 2 to depth-4."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A UNet."""
        from gan_zoo_generators.unet import UNet

        return UNet(
            channels_in=given.channels,
            channels_out=wanted.channels,
            width=self.width,
            depth=self.depth,
            norm=self.norm,
            dropout=self.dropout,
            upsampling=self.upsampling,
            padding=self.padding,
        )

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_G.pth` of the published PyTorch pix2pix."""
        if self.norm == "group" or (self.upsampling, self.padding) != ("transposed", "zero"):
            return []  # with another padding the tensors would fit, and compute something else
        return [Published("G", published.unet_keys(self.depth, self.norm), published.unet_options)]


class EncoderDecoderSpec(Levels, name="encoder_decoder"):
    """The U-Net with its skips cut (Isola et al. 2017, sec. 4.3); published for Lua Torch only."""

    dropout: Literal["none", "paper"] = "paper"
    """Decoder levels with dropout 0.5: `paper` 1 to 3, the only published placement."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """An EncoderDecoder."""
        from gan_zoo_generators.encoder_decoder import EncoderDecoder

        return EncoderDecoder(
            channels_in=given.channels,
            channels_out=wanted.channels,
            width=self.width,
            depth=self.depth,
            norm=self.norm,
            dropout=self.dropout,
            upsampling=self.upsampling,
            padding=self.padding,
        )


class ResNetSpec(GeneratorSpec, name="resnet"):
    """Residual blocks at low resolution (Johnson et al. 2016; pix2pix's PyTorch code)."""

    width: PositiveInt = 64
    """Channels at full resolution; they double with every halving."""
    blocks: PositiveInt = 9
    """Number of residual blocks; published are 9 for 256 pixels and 6 for 128."""
    downsamplings: PositiveInt = 2
    """Number of halvings (published: 2); height and width must be multiples of 2^downsamplings."""
    norm: Norm = "batch"
    """Normalization after every convolution but the last; only `instance` gives them a bias."""
    dropout: Literal["none", "code"] = "none"
    """`code`: dropout 0.5 inside every block, which the published program has as an option."""
    upsampling: Upsampling = "transposed"
    """How the decoder doubles the sides; `transposed` is published, and can show as checkers."""
    padding: Padding = "reflect"
    """Around convolutions that keep the sides; halving and transposed ones always have zeros."""

    @classmethod
    def example(cls) -> Self:
        """Two blocks of a few channels."""
        return cls(width=4, blocks=2)

    def check(self, given: Image, wanted: Image) -> None:
        """Sides must survive every halving, and leave a neighbor to mirror."""
        require_halvings(given, self.downsamplings, option="downsamplings")
        if self.padding == "reflect":
            cure = "padding zero or replicate"
            require_mirror(given, self.downsamplings, option="downsamplings", cure=cure)
        elif self.norm == "instance":
            require_statistics(given, self.downsamplings, option="downsamplings")

    def multiple(self) -> int:
        """2^downsamplings."""
        return int(2**self.downsamplings)

    def parts(self) -> Mapping[str, str]:
        """The way down, the residual blocks and the way up."""
        return {"encoder": "encoder", "blocks": "blocks", "decoder": "decoder"}

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A ResNet."""
        from gan_zoo_generators.resnet import ResNet

        return ResNet(
            channels_in=given.channels,
            channels_out=wanted.channels,
            width=self.width,
            blocks=self.blocks,
            downsamplings=self.downsamplings,
            norm=self.norm,
            dropout=self.dropout,
            upsampling=self.upsampling,
            padding=self.padding,
        )

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_G.pth` of the published PyTorch pix2pix, which halves twice and mirrors."""
        how = (self.downsamplings, self.upsampling, self.padding)
        if self.norm == "group" or how != (2, "transposed", "reflect"):
            return []  # with another padding the tensors would fit, and compute something else
        keys = published.resnet_keys(self.blocks, self.norm, dropout=self.dropout == "code")
        return [Published("G", keys, published.resnet_options)]


class TimmUNetSpec(GeneratorSpec, name="unet_timm"):
    """A U-Net (Ronneberger et al. 2015) whose encoder is a backbone of timm."""

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

    def missing(self) -> list[str]:
        """The file of the weights, where it is not at hand."""
        if self.weights == "none" or self._file() is not None:
            return []
        if self.weights == "imagenet":
            return [
                f"timm's weights of {self.backbone} are not in the cache of this machine; with a "
                'network, fetch them once: python -c "import timm; timm.create_model('
                f"'{self.backbone}', pretrained=True)\". Or set weights to a file"
            ]
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
        from gan_zoo_generators import timm_models
        from gan_zoo_generators.unet_timm import Encoder, TimmUNet

        plan = timm_models.plan(self.backbone, channels_in=given.channels, levels=self.levels)
        backbone = timm_models.build(
            self.backbone, channels_in=given.channels, indices=plan.indices
        )
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
        from gan_zoo_generators import timm_models

        path = self._file()
        if path is None:
            raise UserError(self.missing()[0])
        encoder: Any = module.get_submodule("encoder")
        timm_models.fill(
            encoder.backbone,
            self.backbone,
            path,
            channels_in=encoder.channels_in,
            own=self.weights == "imagenet",
        )

    def _file(self) -> Path | None:
        """The file of the weights; None where it is not at hand."""
        if self.weights == "imagenet":
            from gan_zoo_generators import timm_models  # seconds, and torch

            return timm_models.cached(self.backbone)
        path = Path(self.weights).expanduser()
        return path if path.is_file() else None
