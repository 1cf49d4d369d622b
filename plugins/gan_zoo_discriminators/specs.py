"""The menu of discriminators: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt, model_validator

from gan_zoo.errors import ContractError
from gan_zoo.published import Reading, Shapes
from gan_zoo.shapes import Image, convolved, receptive_field
from gan_zoo.specs import DiscriminatorSpec, Norm, Published, Single
from gan_zoo_discriminators import published

if TYPE_CHECKING:
    from typing import Self

    from torch import nn

KERNEL = 4  # of every convolution of the PatchGAN


class PatchSpec(Single, name="patch"):
    """PatchGAN: a logit for every overlapping patch (Isola et al. 2017, sec. 3.2.2)."""

    exportable = True

    layers: PositiveInt = 3
    """Halvings; 1, 3 and 5 are the paper's 16, 70 and 286 pixel patches."""
    width: PositiveInt = 64
    """Channels of the first layer; they double with every layer up to the cap."""
    norm: Norm = "batch"
    """Normalization of the hidden layers."""
    padding: Literal[1, 2] = 1
    """Zeros around every layer: 1 in pix2pix, 2 in pix2pixHD."""
    max_multiple: PositiveInt | None = None
    """Cap of the channels in multiples of `width`; 8 where `max_width` is not given either."""
    max_width: PositiveInt | None = None
    """Cap of the channels as a number, 512 in pix2pixHD; in place of `max_multiple`."""
    bias: Literal["auto"] | bool = "auto"
    """Bias of the hidden layers; `auto` (pix2pix): for instance norm only. pix2pixHD: true."""
    spectral: bool = False
    """Every convolution divided by its spectral norm (Miyato et al. 2018), head included."""
    conditional: bool = True
    """Whether it sees the condition beside the picture."""

    @model_validator(mode="after")
    def _one_cap(self) -> Self:
        if self.max_multiple is not None and self.max_width is not None:
            raise ValueError(
                f"max_multiple {self.max_multiple} and max_width {self.max_width} are two caps of "
                "the same channels; leave one of them out"
            )
        return self

    @classmethod
    def example(cls) -> Self:
        """Two halvings of a few channels."""
        return cls(layers=2, width=4)

    def check(self, given: Image, wanted: Image) -> None:
        """At least one logit must be left, and more than one number where a norm works."""
        sides = [side for side in (wanted.height, wanted.width) if side is not None]
        if not sides or min(sides) >= self._least_side(self.layers):
            require_statistics(self.norm, self.views(given, wanted)[0][1:-1], wanted)
            return
        fitting = [n for n in range(1, self.layers) if self._least_side(n) <= min(sides)]
        cure = f"layers <= {fitting[-1]}" if fitting else "the discriminator `pixel`"
        least = self._least_side(self.layers)
        raise ContractError(
            f"layers {self.layers} leaves no logit of a picture smaller than {least}x{least}; "
            f"it has {wanted}. Use a larger picture, or {cure}",
            option="layers",
        )

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """One scale: layers + 1 feature maps and the logits."""
        doubled = (min(self.width * 2**i, self._max_width()) for i in range(1, self.layers + 1))
        views, image = [], wanted
        for channels, stride in zip(
            [self.width, *doubled, 1], self._strides(self.layers), strict=True
        ):
            height, width = (
                convolved(side, kernel=KERNEL, stride=stride, padding=self.padding)
                for side in (image.height, image.width)
            )
            image = Image(channels, height, width)
            views.append(image)
        return [views]

    def receptive_field(self) -> int:
        """70 for 3 layers."""
        return receptive_field((KERNEL, stride) for stride in self._strides(self.layers))

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A PatchDiscriminator."""
        from gan_zoo_discriminators.patch import PatchDiscriminator

        return PatchDiscriminator(
            channels_in=channels_in(given, wanted, conditional=self.conditional),
            layers=self.layers,
            width=self.width,
            max_width=self._max_width(),
            norm=self.norm,
            padding=self.padding,
            bias=has_bias(self.bias, self.norm),
            spectral=self.spectral,
            conditional=self.conditional,
        )

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_D.pth` of the published pix2pix, which has padding 1."""
        if self.padding != 1 or not is_published(self.norm, spectral=self.spectral):
            return []  # the tensors may fit, and compute something else
        keys = published.patch_keys(self.layers, self.norm, bias=has_bias(self.bias, self.norm))
        return [Published("D", keys)]

    @classmethod
    def read_off(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pix."""
        return published.read_patch(shapes)

    def _max_width(self) -> int:
        """The cap of the channels, which never narrows the first layer."""
        return self.max_width or self.width * (self.max_multiple or 8)

    @staticmethod
    def _strides(layers: int) -> list[int]:
        """Strides of the hidden layers and the head: the last two keep the size."""
        return [2] * layers + [1, 1]

    def _least_side(self, layers: int) -> int:
        """The smallest side that leaves one logit, layer by layer from the logit down."""
        side = 1
        for stride in reversed(self._strides(layers)):
            side = max(1, (side - 1) * stride + KERNEL - 2 * self.padding)
        return side


class PixelSpec(Single, name="pixel"):
    """PixelGAN: every pixel is judged alone, by 1x1 convolutions (Isola et al. 2017, sec. 4.4)."""

    exportable = True

    width: PositiveInt = 64
    """Channels of the first layer; the second has twice as many."""
    norm: Norm = "batch"
    """Normalization of the second layer."""
    bias: Literal["auto"] | bool = "auto"
    """Bias of the second layer and the head; `auto` (pix2pix): for instance norm only."""
    spectral: bool = False
    """Every convolution divided by its spectral norm (Miyato et al. 2018), head included."""
    conditional: bool = True
    """Whether it sees the condition beside the picture."""

    @classmethod
    def example(cls) -> Self:
        """A few channels."""
        return cls(width=4)

    def check(self, given: Image, wanted: Image) -> None:
        """A norm must have more than one number to work on."""
        require_statistics(self.norm, self.views(given, wanted)[0][1:-1], wanted)

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """One scale: two feature maps and the logits, all as large as the picture."""
        return [[wanted.with_channels(channels) for channels in (self.width, 2 * self.width, 1)]]

    def receptive_field(self) -> int:
        """One pixel."""
        return 1

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A PixelDiscriminator."""
        from gan_zoo_discriminators.patch import PixelDiscriminator

        return PixelDiscriminator(
            channels_in=channels_in(given, wanted, conditional=self.conditional),
            width=self.width,
            norm=self.norm,
            bias=has_bias(self.bias, self.norm),
            spectral=self.spectral,
            conditional=self.conditional,
        )

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_D.pth` of the published pix2pix."""
        if not is_published(self.norm, spectral=self.spectral):
            return []
        keys = published.pixel_keys(self.norm, bias=has_bias(self.bias, self.norm))
        return [Published("D", keys)]

    @classmethod
    def read_off(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pix."""
        return published.read_pixel(shapes)


class MultiScaleSpec(DiscriminatorSpec, name="multiscale"):
    """The same discriminator at several resolutions (Wang et al. 2018, sec. 3.2)."""

    exportable = True
    per_phase = frozenset({"scales"})
    capped = frozenset({"scales"})

    scales: PositiveInt = 3
    """How many: the full resolution, half of it, ...; with fewer in a phase the coarsest play."""
    each: Single = PatchSpec(norm="instance", padding=2, max_width=512, bias=True)
    """What judges at every scale, each with weights of its own."""

    @classmethod
    def example(cls) -> Self:
        """Two scales of a few channels."""
        each = PatchSpec(layers=2, width=4, norm="instance", padding=2, max_width=512, bias=True)
        return cls(scales=2, each=each)

    def check(self, given: Image, wanted: Image) -> None:
        """Every scale must find something to judge."""
        for n, images in enumerate(self._pyramid(given, wanted)):
            try:
                self.each.check(*images)
            except ContractError as problem:
                if n == 0:
                    option = ".".join(filter(None, ("each", problem.option)))
                    raise ContractError(str(problem), option=option) from None
                raise ContractError(
                    f"scale {n + 1} of {self.scales} sees the picture, {wanted}, halved {n} "
                    f"time{'s' if n > 1 else ''}: {problem}; or scales <= {n}",
                    option="scales",
                ) from None

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """Those of every scale, full resolution first."""
        return [
            view for images in self._pyramid(given, wanted) for view in self.each.views(*images)
        ]

    def receptive_field(self) -> int:
        """That of the finest scale; each coarser one sees about twice as far."""
        return self.each.receptive_field()

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A MultiScale, whose scales are named from the coarsest on."""
        from gan_zoo_discriminators.multiscale import MultiScale

        pyramid = list(self._pyramid(given, wanted))
        return MultiScale(scales=[self.each.build(*images) for images in reversed(pyramid)])

    def fetch(self, module: nn.Module) -> None:
        """What each scale learned elsewhere."""
        for scale in module.get_submodule("scales").children():
            self.each.fetch(scale)

    def staged(self, module: nn.Module) -> nn.Module:
        """The coarsest scales, whose finest then judges at full resolution."""
        from gan_zoo_discriminators.multiscale import MultiScale

        scales = list(module.get_submodule("scales").children())
        return MultiScale(scales=[self.each.staged(scale) for scale in scales[: self.scales]])

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """`latest_net_D.pth` of the published pix2pixHD, with its features matched or without."""
        each = self.each
        if not isinstance(each, PatchSpec) or each.spectral or each.padding != 2:
            return []
        if each.norm == "group" or not has_bias(each.bias, each.norm):
            return []
        return [
            Published("D", published.scales_keys(self.scales, each.layers, each.norm, matched=m))
            for m in (True, False)
        ]

    @classmethod
    def read_off(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pixHD."""
        return published.read_scales(shapes)

    def _pyramid(self, given: Image, wanted: Image) -> Iterator[tuple[Image, Image]]:
        """Condition and picture as every scale sees them, full resolution first."""
        for n in range(self.scales):
            if n:
                given, wanted = halved(given), halved(wanted)
            yield given, wanted


def halved(image: Image) -> Image:
    """What averaging by two leaves of a picture, sides rounded up."""
    sides = (convolved(side, kernel=3, stride=2, padding=1) for side in (image.height, image.width))
    return image.resized(*sides)


def channels_in(given: Image, wanted: Image, *, conditional: bool) -> int:
    """Channels that a discriminator sees; a condition may have none."""
    return (given.channels if conditional else 0) + wanted.channels


def has_bias(bias: bool | Literal["auto"], norm: str) -> bool:
    """What `auto` means: as published, instance norm only."""
    return norm == "instance" if bias == "auto" else bias


def require_statistics(norm: Norm, normed: Iterable[Image], wanted: Image) -> None:
    """Refuse a picture of which a norm over each channel, or group of one, sees a single pixel: it
    would be zero.

    Raises:
        ContractError: says the cure.
    """
    for image in normed:
        alone = norm == "instance" or (norm == "group" and image.channels == 1)
        if alone and image.size == (1, 1):
            raise ContractError(
                f"norm {norm} sees a single pixel, which it makes zero, in a layer of "
                f"{image.channels} channels: the picture has {wanted}. Use a larger picture, or "
                "norm batch",
                option="norm",
            )


def is_published(norm: str, *, spectral: bool) -> bool:
    """Whether a published program has such layers."""
    return norm != "group" and not spectral
