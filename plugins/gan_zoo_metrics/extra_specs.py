"""The menu of metrics that judge by networks which were learned elsewhere: the extra `metrics`.
Nothing here imports torch.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self

from pydantic import Field

from gan_zoo.components import UserError
from gan_zoo_metrics.learned_specs import LearnedSpec, SetSpec
from gan_zoo_metrics.published_files import (
    ALEXNET,
    INCEPTION,
    SQUEEZENET,
    VGG16,
    PublishedFile,
    dinov2,
)

if TYPE_CHECKING:
    from gan_zoo.components import Metric, MetricContext

GREY = "grey pictures as three equal channels"
FLATTERED = "flatters a run whose training loss looks through the same network"


class Size(NamedTuple):
    """One of DINOv2's networks: how timm calls it, its features, the size of its file."""

    model: str
    features: int
    megabytes: int


DINOV2 = {
    "vitl14": Size("vit_large_patch14_dinov2", 1024, 1218),
    "vitb14": Size("vit_base_patch14_dinov2", 768, 346),
    "vits14": Size("vit_small_patch14_dinov2", 384, 88),
}


class FrechetSpec(SetSpec):
    """A Frechet distance, whose covariances need more pictures than there are features."""

    allow_small: bool = False
    """Score fewer pictures too, and mark the score: it is biased, by more for some models than for
    others, and only scores of equally many pictures may be compared."""

    @classmethod
    def example(cls) -> Self:
        """One that scores few pictures."""
        return cls(allow_small=True)

    @property
    @abstractmethod
    def dimension(self) -> int:
        """How many features a picture has."""

    def require(self, count: int) -> None:
        """As many pictures as features, or at least two where few are allowed."""
        if count >= self.dimension or (self.allow_small and count >= 2):
            return
        if self.allow_small:
            raise UserError(f"{self.name}: {count} pictures have no covariance; 2 are needed")
        raise UserError(
            f"{self.name}: {count} pictures came, and below {self.dimension}, the number of its "
            "features, it is biased. Use kid, which is not; or say allow_small: true in the "
            f"recipe's validation.metrics to see it, marked (biased: N={count} < {self.dimension})"
        )


class FIDSpec(FrechetSpec, name="fid"):
    """Frechet Inception distance (Heusel et al. 2017) of generated and real pictures, computed as
    torch-fidelity does.
    """

    protocol: ClassVar[str] = (
        "Frechet distance of Inception v3's 2048 features (torch-fidelity's network), means and "
        f"covariances in float64; pictures resized to 299x299 as TensorFlow 1 did, {GREY}"
    )

    @property
    def file(self) -> PublishedFile:
        """TensorFlow's Inception."""
        return INCEPTION

    @property
    def dimension(self) -> int:
        """Of pool3."""
        return 2048

    def judge(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.feature_sets import FrechetDistance
        from gan_zoo_metrics.published_networks import inception

        features = inception(self.weights, at.device)
        return FrechetDistance(features, self.require, unbiased_from=self.dimension)


class FDDinoV2Spec(FrechetSpec, name="fd_dinov2"):
    """Frechet distance of DINOv2's features (Stein et al. 2023), which agree better with people
    than Inception's do.
    """

    protocol: ClassVar[str] = (
        "Frechet distance of DINOv2's class token after its norm, means and covariances in "
        f"float64; pictures resized to 224x224 as TensorFlow 1 did, ImageNet's mean, {GREY}"
    )

    network: Literal["vitl14", "vitb14", "vits14"] = "vitl14"
    """Which DINOv2: ViT-L/14 (published; 1,024 features), ViT-B/14 (768), ViT-S/14 (384)."""

    @property
    def file(self) -> PublishedFile:
        """The published file of the network."""
        return dinov2(self.network, DINOV2[self.network].megabytes)

    @property
    def dimension(self) -> int:
        """Of the class token."""
        return DINOV2[self.network].features

    def judge(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics import published_networks
        from gan_zoo_metrics.feature_sets import FrechetDistance

        model = DINOV2[self.network].model
        features = published_networks.dinov2(model, self.file, self.weights, at.device)
        return FrechetDistance(features, self.require, unbiased_from=self.dimension)


class KIDSpec(SetSpec, name="kid"):
    """Kernel Inception distance (Binkowski et al. 2018) of generated and real pictures, computed as
    torch-fidelity does. Unbiased, so for few pictures too; a little below zero where the sets do
    not differ.
    """

    protocol: ClassVar[str] = (
        "unbiased squared MMD of Inception v3's 2048 features (torch-fidelity's network), kernel "
        "(x'y/2048 + 1)^3, mean over subsets of half of the pictures, at most `subset_size`, drawn "
        "by seed 2020, with their standard deviation; pictures resized to 299x299 as TensorFlow 1 "
        f"did, {GREY}"
    )
    least: ClassVar[int] = 50  # pictures

    subsets: int = Field(100, ge=1)
    """How many subsets are drawn; published: 100."""
    subset_size: int = Field(1000, ge=2)
    """Pictures of a subset, or half of all if that is fewer; published: 1000."""

    @property
    def file(self) -> PublishedFile:
        """TensorFlow's Inception."""
        return INCEPTION

    def require(self, count: int) -> None:
        """50 pictures."""
        if count < self.least:
            raise UserError(
                f"{self.name}: {count} pictures came, and of fewer than {self.least} its noise is "
                "larger than most differences. Score more, or leave it out: scores of single "
                "pictures, as l1 or lpips, say more of so few"
            )

    def judge(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.feature_sets import KernelDistance
        from gan_zoo_metrics.published_networks import inception

        return KernelDistance(
            inception(self.weights, at.device),
            self.require,
            subsets=self.subsets,
            size=self.subset_size,
            seed=2020,
        )


class PrecisionRecallSpec(SetSpec, name="precision_recall"):
    """Precision and recall of sets (Kynkaanniemi et al. 2019), computed as torch-fidelity does: how
    many generated pictures are like real ones, and how many real ones generated ones are like.
    """

    lower_is_better: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = ("precision", "recall")
    protocol: ClassVar[str] = (
        "share of generated pictures within a real one's ball, which reaches to its neighbor of "
        "rank `neighbors`, and the other way around; VGG16's fc2 after its ReLU (torch-fidelity's "
        f"network), pictures resized to 224x224 as TensorFlow 1 did, {GREY}"
    )

    neighbors: int = Field(3, ge=1)
    """How far a picture's ball reaches; published: 3."""

    @property
    def file(self) -> PublishedFile:
        """torchvision's VGG16, with its classifier."""
        return VGG16

    def require(self, count: int) -> None:
        """A neighbor of that rank must exist."""
        if count <= self.neighbors:
            raise UserError(
                f"{self.name}: {count} pictures came, and {self.neighbors} neighbors of each need "
                f"{self.neighbors + 1}. Score more pictures, or lower neighbors"
            )

    def judge(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.feature_sets import PrecisionRecall
        from gan_zoo_metrics.published_networks import vgg16

        features = vgg16(self.weights, at.device)
        return PrecisionRecall(features, self.require, neighbors=self.neighbors)


# ---------------------------------------------------------------------------------- pictures


class LPIPSSpec(LearnedSpec, name="lpips"):
    """Learned perceptual image patch similarity (Zhang et al. 2018), computed as torchmetrics does:
    how far apart a picture and its target look to a network.
    """

    package: ClassVar[tuple[str, str]] = ("torchmetrics", "torchmetrics")
    protocol: ClassVar[str] = (
        "mean over pictures of LPIPS v0.1 at the pictures' own size, the network's weights those "
        f"of ImageNet, {GREY}; {FLATTERED}"
    )

    network: Literal["alex", "vgg", "squeeze"] = "alex"
    """AlexNet (the authors' choice for scores), VGG16 or SqueezeNet."""

    @property
    def file(self) -> PublishedFile:
        """torchvision's own of the network."""
        return {"alex": ALEXNET, "vgg": VGG16, "squeeze": SQUEEZENET}[self.network]

    def notes(self) -> list[str]:
        """Losses use VGG, too."""
        return [_flattered()] if self.network == "vgg" else []

    def judge(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.learned_distances import LPIPS

        heads = f"lpips_models/{self.network}.pth"
        return LPIPS(self.network, self.file, self.weights, heads, at.device)


class DISTSSpec(LearnedSpec, name="dists"):
    """Deep image structure and texture similarity (Ding et al. 2020), computed as torchmetrics
    does: as LPIPS, but textures may differ in detail.
    """

    package: ClassVar[tuple[str, str]] = ("torchmetrics", "torchmetrics")
    protocol: ClassVar[str] = (
        "mean over pictures of DISTS at the pictures' own size, VGG16's weights those of "
        f"ImageNet, {GREY}; {FLATTERED}"
    )

    @property
    def file(self) -> PublishedFile:
        """torchvision's VGG16."""
        return VGG16

    def notes(self) -> list[str]:
        """Losses use VGG, too."""
        return [_flattered()]

    def judge(self, at: MetricContext) -> Metric:
        """A fresh accumulator."""
        from gan_zoo_metrics.learned_distances import DISTS

        return DISTS("vgg", self.file, self.weights, "dists_models/weights.pt", at.device)


def _flattered() -> str:
    return f"it {FLATTERED}, as perceptual with a VGG does: judge such a run by others too"


SPECS = (FIDSpec, KIDSpec, PrecisionRecallSpec, FDDinoV2Spec, LPIPSSpec, DISTSSpec)
