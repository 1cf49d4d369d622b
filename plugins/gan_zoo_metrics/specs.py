"""The menu of metrics that compare pictures by themselves, with no network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from gan_zoo.components import ContractError, Image, MetricSpec
from gan_zoo_metrics.ssim_sizes import describe_lack

if TYPE_CHECKING:
    from typing import Self

    from gan_zoo.components import Metric, MetricContext


class L1MetricSpec(MetricSpec, name="l1"):
    """Mean absolute difference of 8-bit pictures."""

    unasked: ClassVar[bool] = True
    protocol: ClassVar[str] = (
        "mean over pictures of the mean absolute difference of 8-bit values, 0 to 255"
    )

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.pixels import MeanAbsoluteDifference

        return MeanAbsoluteDifference()


class PSNRSpec(MetricSpec, name="psnr"):
    """Peak signal-to-noise ratio of 8-bit pictures."""

    lower_is_better: ClassVar[bool] = False
    unasked: ClassVar[bool] = True
    protocol: ClassVar[str] = (
        "mean over pictures of 10 log10(255^2 / mean squared difference) in dB; "
        "infinite where a picture equals its target"
    )

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.pixels import PeakSignalToNoise

        return PeakSignalToNoise()


class SSIMSpec(MetricSpec, name="ssim"):
    """Structural similarity (Wang et al. 2004): luminance, contrast and structure under a small
    window, 1 where a picture equals its target.

    Pixels must lie where the target has them: a good texture in another place scores as noise does,
    and blur scores better.
    """

    lower_is_better: ClassVar[bool] = False
    protocol: ClassVar[str] = (
        "mean over pictures of SSIM: Gaussian window of 11, sigma 1.5, K 0.01 and 0.03, range 255, "
        "window within the picture, mean over places and channels of RGB or grey, float64"
    )

    def check(self, maps: Mapping[str, Image]) -> None:
        """The window must fit."""
        _require_room(maps, 1)

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.ssim import StructuralSimilarity

        return StructuralSimilarity()


class MSSSIMSpec(MetricSpec, name="ms_ssim"):
    """Structural similarity at several scales (Wang et al. 2003), each half as large as the one
    before.

    The finest one counts little, so that small shifts cost less than with `ssim`.
    """

    lower_is_better: ClassVar[bool] = False
    protocol: ClassVar[str] = (
        "mean over pictures of MS-SSIM: exponents 0.0448, 0.2856, 0.3001, 0.2363, 0.1333, of fewer "
        "than 5 scales the first ones over their sum; each scale the mean of 2x2 of the one "
        "before, a last odd row or column left out; at each the mean over places and channels, 0 "
        "where it is below; window, K and range as SSIM's: Gaussian of 11, sigma 1.5, 0.01 and "
        "0.03, 255; window within the picture, float64"
    )

    scales: int = Field(5, ge=1, le=5)
    """How many; published: 5, which need sides of 176. With fewer, the exponents are divided by
    their sum, so that 1 is `ssim` itself (where that is above 0). Scores of different numbers of
    scales are not compared.
    """

    @classmethod
    def example(cls) -> Self:
        """As many as small pictures have."""
        return cls(scales=3)

    def check(self, maps: Mapping[str, Image]) -> None:
        """The window must fit at the coarsest scale."""
        _require_room(maps, self.scales)

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.ssim import MultiscaleSimilarity

        return MultiscaleSimilarity(scales=self.scales)


class SharpnessSpec(MetricSpec, name="sharpness"):
    """How strong edges and textures are beside those of the target: 1 is as sharp, less is
    smoother, more is noise or ringing.

    It tells lost texture. An edge that is smeared over more pixels counts as before, but for at
    borders. It says nothing of whether textures are right: noise of the target's strength scores 1.
    """

    ideal: ClassVar[float | None] = 1.0
    protocol: ClassVar[str] = (
        "mean over pictures of the mean length of the output's gradient over that of its target: "
        "steps of 8-bit values to the right and down, by channel, without the last row and column; "
        "targets of one color have no value; at borders: only pixels one of whose four neighbors "
        "is of another instance, and pictures without any have no value"
    )

    where: Literal["all", "borders"] = "all"
    """`all` pixels, or those next to `borders` of instances, where models without instance maps
    blur neighbors into each other (Wang et al. 2018, sec. 3.3).
    """
    instances: str = Field("instance", examples=["label"])
    """The map whose ids tell the borders; read at borders only."""

    def asks(self) -> tuple[str, ...]:
        """The map of ids, where borders are looked at."""
        return (self.instances,) if self.where == "borders" else ()

    def check(self, maps: Mapping[str, Image]) -> None:
        """Borders are those of ids."""
        if self.where == "borders" and not maps[self.instances].ids:
            ids = [name for name, image in maps.items() if image.ids]
            raise ContractError(
                f"'{self.instances}' holds colors, which have no borders; a map of ids is needed: "
                f"{' or '.join(ids) or 'this data has none, so set where to all'}",
                option="instances",
            )

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.sharpness import Sharpness

        return Sharpness(borders=self.instances if self.where == "borders" else None)


class LabHistogramSpec(MetricSpec, name="lab_histogram"):
    """Whether outputs have the targets' colors, equally often (Isola et al. 2017, sec. 4.2): what
    the histograms of both have in common, by channel of CIE Lab.

    It says nothing of where a color is. Of grey pictures only L tells anything; a and b are 1.
    """

    lower_is_better: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = ("L", "a", "b")
    of_sets: ClassVar[bool] = True
    protocol: ClassVar[str] = (
        "intersection, 0 to 1, of the normalized histograms of all outputs' and all targets' "
        "pixels: 8-bit sRGB as CIE Lab (D65, 2 degrees), rounded to whole numbers, a bin each: L "
        "from 0 to 100, a and b from -128 to 128; not the published bins, which are not known"
    )

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.lab_histogram import LabHistogram

        return LabHistogram()


class DiversitySpec(MetricSpec, name="diversity"):
    """How far apart two outputs of one input are, beside two targets: 0 where a model makes one
    picture of an input, 1 where they differ as two targets do.

    It says nothing of whether they are good: noise is diverse. It makes two pictures more of every
    input, so that scoring takes up to three times as long. A single picture has no two targets: the
    score is then not a number.
    """

    lower_is_better: ClassVar[bool] = False
    of_sets: ClassVar[bool] = True
    compares: ClassVar[bool] = False
    protocol: ClassVar[str] = (
        "mean absolute difference of 8-bit values between two outputs of an input, seeds 0 and 1, "
        "mean over inputs; over that between two targets, mean over all pairs, at 32x32 places "
        "spread evenly over each; styles kept: those that scores are measured with; drawn: "
        "clusters of the training instances"
    )

    vary: Literal["noise", "styles"] = "noise"
    """What the seeds draw: `noise` alone (dropout in inference, the noise condition), with the
    styles that scores are measured with; or `styles` too, for models that take them. Those must be
    gathered before (`gan-zoo features RUN`), which they never are while a run trains: its
    validation gives no number then, and says why.
    """

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.diversity import Diversity

        return Diversity(at, styles=self.vary == "styles")


def _require_room(maps: Mapping[str, Image], scales: int) -> None:
    """Refuse samples none of whose maps is large enough; which one is the target is not known.

    Raises:
        ContractError: with the cure.
    """
    sizes = [image.size for image in maps.values()]
    known = [size for size in sizes if size is not None]
    if not known or len(known) < len(sizes):
        return
    if lack := describe_lack(max(known, key=min), scales):
        raise ContractError(lack, option="scales" if scales > 1 else "")
