"""A plugin of components with a fault each: what authors do wrong, and the kit tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.hooks import hookimpl
from gan_zoo.components.learning import LossSpec
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Spec

if TYPE_CHECKING:
    from torch import nn

    from gan_zoo.components.interfaces import LossFunction


class WeightlessSpec(LossSpec, name="weightless"):
    """A loss that ignores its weight."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """Both pictures."""
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        """Without the weight."""
        from gan_zoo_faulty.modules import distance

        return distance


class DetachedSpec(WeightlessSpec, name="detached"):
    """A loss that detaches the fake."""

    def build(self) -> LossFunction:
        """With the weight, and without a graph."""
        from gan_zoo_faulty.modules import Detached

        return Detached(weight=self.weight)


class UnseeingSpec(DiscriminatorSpec, name="unseeing"):
    """A discriminator that does not see its condition."""

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """A logit a pixel."""
        return [[wanted.with_channels(1)]]

    def receptive_field(self) -> int:
        """Of two 3x3 convolutions."""
        return 5

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """An Unseeing."""
        from gan_zoo_faulty.modules import Unseeing

        return Unseeing(channels_in=wanted.channels)


class ShrinkingSpec(GeneratorSpec, name="shrinking"):
    """A generator that returns another size."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A Shrinking."""
        from gan_zoo_faulty.modules import Shrinking

        return Shrinking(channels_in=given.channels, channels_out=wanted.channels)


class OverwritingSpec(GeneratorSpec, name="overwriting"):
    """A generator that changes its input."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """An Overwriting."""
        from gan_zoo_faulty.modules import Overwriting

        return Overwriting(channels_in=given.channels, channels_out=wanted.channels)


class LeakingSpec(ConditionSpec, name="leaking"):
    """A condition that leaks gradients to the discriminator's player."""

    def needs(self) -> tuple[str, ...]:
        """The source, and the target for its brightness."""
        return ("source", "target")

    def asks(self) -> tuple[str, ...]:
        """The target is not known in translation."""
        return ("source",)

    def learns(self) -> bool:
        """A weight."""
        return True

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """The source's shape."""
        return maps["source"]

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """A Leaking."""
        from gan_zoo_faulty.modules import Leaking

        return Leaking()


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """All of them."""
    return [
        WeightlessSpec,
        DetachedSpec,
        UnseeingSpec,
        ShrinkingSpec,
        OverwritingSpec,
        LeakingSpec,
    ]
