"""The menu of U-Nets: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, PositiveInt

from gan_zoo.components import (
    GeneratorSpec,
    Image,
    Norm,
    Published,
    Reading,
    Shapes,
    UserError,
    backbones,
    require_halvings,
)
from gan_zoo_generators import published
from gan_zoo_generators.bases import Levels
from gan_zoo_generators.contracts import (
    Activation,
    Padding,
    Upsampling,
    require_mirror,
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
        how = (self.upsampling, self.padding, self.activation)
        if self.norm == "group" or how != ("transposed", "zero", "relu"):
            return []  # with another padding the tensors would fit, and compute something else
        return [Published("G", published.unet_keys(self.depth, self.norm))]

    @classmethod
    def recognize(cls, shapes: Shapes) -> Reading | None:
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


class TimmUNetSpec(GeneratorSpec, name="unet_timm"):
    """A U-Net (Ronneberger et al. 2015) whose encoder is a backbone of timm."""

    exportable = True

    backbone: str = Field("resnet18", examples=["regnetx_002"])
    """A convolutional model of timm; the recipe's init fills it too, before weights are loaded."""
    weights: Literal["imagenet", "none"] | str = "none"
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
    activation: Activation = "relu"
    """Of the decoder; the backbone keeps its own."""

    @classmethod
    def example(cls) -> Self:
        """A backbone that timm has for tests."""
        return cls(backbone="test_byobnet", levels=3, width=2)

    def check(self, given: Image, wanted: Image) -> None:
        """timm must have the model, and sides must survive every halving."""
        backbones.require_model(self.backbone)
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
            return [f"{backbones.how_to_fetch(self.backbone)}. Or set weights to a file"]
        return [
            f"weights: there is no file {self.weights}; give a .safetensors or .pth with the state "
            f"dict of timm's {self.backbone}, or imagenet, or none"
        ]

    def with_absolute_paths(self) -> Self:
        """The same from any working directory: the file's path made absolute."""
        if self.weights in ("imagenet", "none"):
            return self
        path = Path(self.weights).expanduser().resolve()
        return self.model_copy(update={"weights": str(path)})

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A TimmUNet. One that is pretrained on RGB takes RGB as its weights know it: converted
        from [-1, 1] to their mean and deviation. Other channels enter as they are.

        Raises:
            ContractError: the model is no encoder for this: only timm can tell.
        """
        from gan_zoo.components import pretrained
        from gan_zoo_generators import timm_models
        from gan_zoo_generators.unet_timm import Encoder, TimmUNet

        plan = timm_models.plan_backbone(
            self.backbone, channels_in=given.channels, levels=self.levels
        )
        backbone = pretrained.build_backbone(
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
            activation=self.activation,
        )

    def fetch(self, module: nn.Module) -> None:
        """Fill the backbone."""
        if self.weights == "none":
            return
        from gan_zoo.components import pretrained

        path = self._file()
        if path is None:
            raise UserError(self.missing()[0])
        encoder: Any = module.get_submodule("encoder")
        pretrained.fill_backbone(
            encoder.backbone,
            self.backbone,
            path,
            channels_in=encoder.channels_in,
            own=self.weights == "imagenet",
        )

    def _file(self) -> Path | None:
        """The file of the weights; None where it is not at hand."""
        if self.weights == "imagenet":
            from gan_zoo.components import pretrained  # seconds, and torch

            return pretrained.cached_weights(self.backbone)
        path = Path(self.weights).expanduser()
        return path if path.is_file() else None
