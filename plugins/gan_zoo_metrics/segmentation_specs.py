"""The menu of the papers' own score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, PositiveInt

from gan_zoo.components import ContractError, Image, MetricSpec, backbones

if TYPE_CHECKING:
    from gan_zoo.components import Metric, MetricContext


class SegmentationSpec(MetricSpec, name="segmentation"):
    """How well a network that learned the classes of real photos finds those of the label map in
    generated ones (the papers' score: Isola et al. 2017, sec. 4.1; Wang et al. 2018, sec. 4.1).

    The judge is trained from scratch on the training photos and label maps of the data itself,
    once, before the first step, and kept in the user's cache ($GAN_ZOO_CACHE): the score needs no
    download, and says more the more pairs there are. Beside it stands its ceiling, what the same
    judge scores on the real photos; below a ceiling of 0.4 the score tells little.
    """

    lower_is_better: ClassVar[bool] = False
    of_sets: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = ("mean_iou", "pixel_accuracy", "class_accuracy")
    protocol: ClassVar[str] = (
        "of one confusion matrix of all pixels: pixel_accuracy is its right share, class_accuracy "
        "the mean of the classes' right shares, mean_iou the mean over classes of intersection "
        "over union, of the classes that the label maps hold; ids beyond the classes do not count"
    )

    label: str = "label"
    """The map of classes."""
    encoder: str = Field("resnet18", examples=["resnet14t"])
    """A model of timm, trained from scratch."""
    passes: PositiveInt = 20
    """At most so many passes of its training, of at most 2000 photos each; it ends where validation
    photos (of val, or where there is none a tenth of the training photos) are judged no better."""
    judge_seed: int = Field(0, ge=0)
    """Of the judge, whatever the run's: runs of other seeds share it. Another one tells how much
    the score depends on the judge."""

    @classmethod
    def example(cls) -> Self:
        """A judge that learns in a second."""
        return cls(encoder="resnet10t", passes=3)

    def asks(self) -> tuple[str, ...]:
        """The label map."""
        return (self.label,)

    def check(self, maps: Mapping[str, Image]) -> None:
        """Refuse a map without classes, and an encoder that timm does not have.

        Raises:
            ContractError: says the cure.
        """
        if maps[self.label].classes is None:
            named = [name for name, image in maps.items() if image.classes]
            cure = f"name {' or '.join(named)}" if named else "leave this metric out"
            told = f"{self.label} is no map of classes; {cure}"
            raise ContractError(told, option="label")
        backbones.require_model(self.encoder, option="encoder")

    def build(self, at: MetricContext) -> Metric:
        """An accumulator around the judge, which is trained where the cache has none."""
        from gan_zoo_metrics.segmentation import Segmentation
        from gan_zoo_metrics.segmentation_training import Plan, trained_judge

        plan = Plan(self.label, self.encoder, self.passes, self.judge_seed)
        return Segmentation(judge=trained_judge(plan, at), label=self.label)
