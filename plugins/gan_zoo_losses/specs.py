"""The menu of losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gan_zoo.specs import LossSpec

if TYPE_CHECKING:
    from gan_zoo.protocols import LossFunction


class AdversarialSpec(LossSpec, name="adversarial"):
    """The game itself: real or generated? (Goodfellow et al. 2014; Mao et al. 2017)."""

    form: Literal["vanilla", "least_squares"] = "vanilla"
    """vanilla: cross-entropy on logits; least_squares: squared distance to 1 and 0."""
    discriminator_weight: float = Field(0.5, ge=0)
    """Factor of the discriminator's two terms."""
    over_scales: Literal["sum", "mean"] = "sum"
    """How the scales of a discriminator count together; with one scale both are the same."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The generator's term is made of the fake's views, the discriminator's of both."""
        return {
            "generator": frozenset({"fake_views"}),
            "discriminator": frozenset({"fake_views", "real_views"}),
        }

    def build(self) -> LossFunction:
        """The terms G_GAN, D_fake and D_real."""
        from gan_zoo_losses.adversarial import Adversarial

        return Adversarial(
            form=self.form,
            weight=self.weight,
            discriminator_weight=self.discriminator_weight,
            over_scales=self.over_scales,
        )


class L1Spec(LossSpec, name="l1"):
    """Mean absolute difference of picture and target (Isola et al. 2017, eq. 3)."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """Both pictures."""
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        """The term G_L1."""
        from gan_zoo_losses.reconstruction import Reconstruction

        return Reconstruction(form="l1", weight=self.weight)


class L2Spec(LossSpec, name="l2"):
    """Mean squared difference of picture and target."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """Both pictures."""
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        """The term G_L2."""
        from gan_zoo_losses.reconstruction import Reconstruction

        return Reconstruction(form="l2", weight=self.weight)
