"""The menu of losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from gan_zoo.components import ContractError, LossSpec, Parts, Wiring

if TYPE_CHECKING:
    from typing import Self

    from gan_zoo.components import LossFunction


class AdversarialSpec(LossSpec, name="adversarial"):
    """The game itself: real or generated? (Goodfellow et al. 2014; Mao et al. 2017; Lim and Ye
    2017; Arjovsky et al. 2017).
    """

    form: Literal["vanilla", "least_squares", "hinge", "wasserstein"] = "vanilla"
    """vanilla: cross-entropy on logits; least_squares: squared distance to 1 and 0; hinge: what is
    short of a margin of 1; wasserstein: the logits alone.
    """
    unconstrained: bool = False
    """Only for wasserstein: no loss bounds the discriminator's slope, and that is meant so."""
    discriminator_weight: float = Field(0.5, ge=0)
    """Factor of the discriminator's two terms."""
    over_scales: Literal["sum", "mean"] = "sum"
    """How the scales of a discriminator count together; with one scale both are the same."""

    @model_validator(mode="after")
    def _only_wasserstein_is_unconstrained(self) -> Self:
        if self.unconstrained and self.form != "wasserstein":
            raise ValueError(
                f"unconstrained: true is for form: wasserstein, and {self.form} came; leave it out"
            )
        return self

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The generator's term is made of the fake's views, the discriminator's of both."""
        return {
            "generator": frozenset({"fake_views"}),
            "discriminator": frozenset({"fake_views", "real_views"}),
        }

    def check(self, parts: Parts, wiring: Wiring) -> None:
        """Without a bound on the slope, wasserstein has no optimum: logits grow for ever."""
        if self.form != "wasserstein" or self.unconstrained:
            return
        if not any(loss.bounds and loss.weight for loss in parts.losses.values()):
            raise ContractError(
                "wasserstein needs a bound on the discriminator's slope, and no loss of this "
                "recipe gives one; add losses.penalty: {use: gradient_penalty}, or say "
                "unconstrained: true",
                option="form",
            )

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
    """Mean absolute difference of picture and target (Isola et al. 2017, eq. 3), or of their means
    over squares, which leave to the other losses what is finer.
    """

    pool: PositiveInt = 1
    """Side of the squares in pixels; 1 (published) compares every pixel. The right and lower border
    may cut squares, which then count by the pixels that they have."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """Both pictures."""
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        """The term G_L1."""
        from gan_zoo_losses.reconstruction import Reconstruction

        return Reconstruction(form="l1", weight=self.weight, pool=self.pool)


class L2Spec(LossSpec, name="l2"):
    """Mean squared difference of picture and target."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """Both pictures."""
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        """The term G_L2."""
        from gan_zoo_losses.reconstruction import Reconstruction

        return Reconstruction(form="l2", weight=self.weight)


class CharbonnierSpec(LossSpec, name="charbonnier"):
    """Mean of sqrt(d^2 + eps^2) over the differences d of picture and target: L1 with a rounded tip
    (Charbonnier et al. 1994; Lai et al. 2017, sec. 3.3).
    """

    eps: float = Field(1e-3, gt=0)
    """Differences below it count as squared; a picture's values are in [-1, 1]."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """Both pictures."""
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        """The term G_Charbonnier."""
        from gan_zoo_losses.reconstruction import Charbonnier

        return Charbonnier(eps=self.eps, weight=self.weight)


class TotalVariationSpec(LossSpec, name="total_variation"):
    """Roughness of the picture: mean |step to the right| + mean |step down| (Rudin et al. 1992,
    the anisotropic form).
    """

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The picture alone."""
        return {"generator": frozenset({"fake"})}

    def build(self) -> LossFunction:
        """The term G_TV."""
        from gan_zoo_losses.penalties import TotalVariation

        return TotalVariation(weight=self.weight)


class PenaltySpec(LossSpec):
    """A penalty on the slope of the discriminator, in full precision; taken now and then it is
    about as good (Karras et al. 2020, sec. 3.1).
    """

    bounds: ClassVar[bool] = True

    every: PositiveInt = 1
    """It is taken once in so many steps, and then counts so many times."""

    def _step(self) -> frozenset[str]:
        """What it needs to know when it is due."""
        return frozenset({"step"} if self.every > 1 else ())


class GradientPenaltySpec(PenaltySpec, name="gradient_penalty"):
    """Keeps the slope of the discriminator, the norm of its gradient, at the target (Gulrajani et
    al. 2017, eq. 3). The gradient is that of the sum of all logits. For a discriminator without
    batch norm, which mixes the samples.
    """

    weight: float = Field(10.0, ge=0)
    """Factor of the discriminator's term; the generator has none."""
    at: Literal["mixed", "real", "fake"] = "mixed"
    """Where: at a picture drawn evenly between real and fake, or at one of them."""
    target: float = Field(1.0, ge=0)
    """The slope that is not punished."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The discriminator itself, and the pictures that it is tried on."""
        pictures = ("real", "fake") if self.at == "mixed" else (self.at,)
        return {"discriminator": frozenset({"judge", *pictures}) | self._step()}

    def build(self) -> LossFunction:
        """The term D_GP."""
        from gan_zoo_losses.penalties import GradientPenalty

        return GradientPenalty(at=self.at, target=self.target, weight=self.weight, every=self.every)


class R1Spec(PenaltySpec, name="r1"):
    """Half the squared slope of the discriminator, the norm of its gradient, at real pictures
    (Mescheder et al. 2018, eq. 9). The gradient is that of the sum of all logits.
    """

    weight: float = Field(10.0, ge=0)
    """Gamma: half of it is the factor of the discriminator's term; the generator has none."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The discriminator itself, and the real picture."""
        return {"discriminator": frozenset({"judge", "real"}) | self._step()}

    def build(self) -> LossFunction:
        """The term D_R1."""
        from gan_zoo_losses.penalties import R1

        return R1(weight=self.weight, every=self.every)
