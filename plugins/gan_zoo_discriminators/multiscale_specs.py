"""The menu of discriminators of several scales: what a recipe may say of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, PositiveInt

from gan_zoo.components import (
    ContractError,
    DiscriminatorSpec,
    Image,
    Published,
    Reading,
    Shapes,
    Single,
    convolved_side,
)
from gan_zoo_discriminators import published
from gan_zoo_discriminators.single_specs import PatchSpec, has_bias

if TYPE_CHECKING:
    from typing import Self

    from torch import nn


class MultiScaleSpec(DiscriminatorSpec, name="multiscale"):
    """The same discriminator at several resolutions (Wang et al. 2018, sec. 3.2)."""

    exportable = True
    per_phase = frozenset({"scales"})
    capped = frozenset({"scales"})

    scales: PositiveInt = 3
    """How many: the full resolution, half of it, ...; with fewer in a phase the coarsest play."""
    each: Single = Field(
        default_factory=lambda: PatchSpec(norm="instance", padding=2, max_width=512, bias=True)
    )
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

    def playing_part(self, module: nn.Module) -> nn.Module:
        """The coarsest scales, whose finest then judges at full resolution."""
        from gan_zoo_discriminators.multiscale import MultiScale

        scales = list(module.get_submodule("scales").children())
        return MultiScale(scales=[self.each.playing_part(scale) for scale in scales[: self.scales]])

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
    def recognize(cls, shapes: Shapes) -> Reading | None:
        """Of the published pix2pixHD."""
        return published.read_scales(shapes)

    def _pyramid(self, given: Image, wanted: Image) -> Iterator[tuple[Image, Image]]:
        """Condition and picture as every scale sees them, full resolution first."""
        for n in range(self.scales):
            if n:
                given, wanted = halve_image(given), halve_image(wanted)
            yield given, wanted


def halve_image(image: Image) -> Image:
    """What averaging by two leaves of a picture, sides rounded up."""
    sides = (
        convolved_side(side, kernel=3, stride=2, padding=1) for side in (image.height, image.width)
    )
    return image.resized(*sides)
