from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor

from gan_zoo.checks.contracts import contracts
from gan_zoo.components.learning import LossSpec, Wiring
from gan_zoo.errors import ContractError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.validation import RecipeError
from gan_zoo_losses import gan_zoo_components
from gan_zoo_losses.reconstruction import Reconstruction
from gan_zoo_losses.specs import (
    AdversarialSpec,
    CharbonnierSpec,
    GradientPenaltySpec,
    L1Spec,
    L2Spec,
    R1Spec,
    TotalVariationSpec,
)
from tests.plugins.acted import heard, pictures, scene

FORMS = ["vanilla", "least_squares", "hinge", "wasserstein"]


def views(*scales: list[float]) -> list[list[Tensor]]:
    """Logits of so many scales, each after a feature map that no term may look at."""
    maps = [torch.tensor(logits, dtype=torch.float64).view(1, 1, 1, -1) for logits in scales]
    return [[torch.full_like(logits, math.nan), logits] for logits in maps]


def test_the_plugin_brings_them() -> None:
    assert [spec.name for spec in gan_zoo_components()] == [
        *("adversarial", "l1", "l2", "charbonnier", "total_variation", "feature_matching"),
        *("perceptual", "gradient_penalty", "r1"),
    ]


# ---------------------------------------------------------------------------------- adversarial


def cross_entropy(s: float) -> float:
    return math.log1p(math.exp(-s))


# form -> (G, D_real, D_fake) of one logit, by the formulas of the papers
FORMULAS: dict[str, tuple[Callable[[float], float], ...]] = {
    "vanilla": (cross_entropy, cross_entropy, lambda s: cross_entropy(-s)),
    "least_squares": (lambda s: (s - 1) ** 2, lambda s: (s - 1) ** 2, lambda s: s**2),
    "hinge": (lambda s: -s, lambda s: max(0.0, 1 - s), lambda s: max(0.0, 1 + s)),
    "wasserstein": (lambda s: -s, lambda s: -s, lambda s: s),
}
FAKE, REAL = ([0.5, -2.0, 3.0], [-0.25]), ([2.0, 0.25, -1.0], [1.5])


def over(scales: tuple[list[float], ...], formula: Callable[[float], float]) -> list[float]:
    return [sum(map(formula, logits)) / len(logits) for logits in scales]


@pytest.mark.parametrize("over_scales", ["sum", "mean"])
@pytest.mark.parametrize("form", FORMS)
def test_adversarial_is_its_formula(form: Any, over_scales: Any) -> None:
    loss = AdversarialSpec(
        form=form, weight=3.0, discriminator_weight=0.25, over_scales=over_scales
    )
    generator, real, fake = FORMULAS[form]
    share = 1 if over_scales == "sum" else 0.5
    expected = share * sum(over(FAKE, generator))
    given = {"fake_views": views(*FAKE), "real_views": views(*REAL)}
    assert heard(loss, "generator", **given) == {"G_GAN": (pytest.approx(3 * expected),) * 2}
    d_real, d_fake = share * sum(over(REAL, real)), share * sum(over(FAKE, fake))
    said = heard(loss, "discriminator", **given)
    assert list(said) == ["D_real", "D_fake"]
    assert said["D_real"] == pytest.approx((d_real, 0.25 * d_real))
    assert said["D_fake"] == pytest.approx((d_fake, 0.25 * d_fake))


def test_hinge_and_wasserstein_by_hand() -> None:
    given = {"fake_views": views([0.5, -2.0]), "real_views": views([2.0, 0.25])}
    hinge, wasserstein = AdversarialSpec(form="hinge"), AdversarialSpec(form="wasserstein")
    assert heard(hinge, "generator", **given) == {"G_GAN": (0.75, 0.75)}
    assert heard(wasserstein, "generator", **given) == {"G_GAN": (0.75, 0.75)}
    assert heard(hinge, "discriminator", **given) == {
        "D_real": (0.375, 0.1875),  # relu(1 - 2), relu(1 - 0.25)
        "D_fake": (0.75, 0.375),  # relu(1 + 0.5), relu(1 - 2)
    }
    assert heard(wasserstein, "discriminator", **given) == {
        "D_real": (-1.125, -0.5625),
        "D_fake": (-0.75, -0.375),
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_adversarial_has_the_slope_of_finite_differences(form: Any, player: str) -> None:
    function = AdversarialSpec(form=form, weight=2.0).build()

    def total(fake: Tensor, real: Tensor) -> Tensor:
        given = scene(fake_views=[[fake]], real_views=[[real]])
        return torch.stack([t.value * t.factor for t in function(given, player)]).sum()

    generator = torch.Generator().manual_seed(0)
    fake, real = torch.randn(2, 2, 1, 3, 3, dtype=torch.float64, generator=generator)
    assert torch.autograd.gradcheck(total, (fake.requires_grad_(), real.requires_grad_()))


def recipe(**losses: LossSpec) -> Recipe:
    return Recipe.model_construct(losses=losses)


WIRING = Wiring({}, {}, (), {})


def test_wasserstein_asks_for_a_bound() -> None:
    gan = AdversarialSpec(form="wasserstein")
    with pytest.raises(ContractError) as caught:
        gan.check(recipe(gan=gan, l1=L1Spec()), WIRING)
    assert str(caught.value) == (
        "wasserstein needs a bound on the discriminator's slope, and no loss of this recipe gives "
        "one; add losses.penalty: {use: gradient_penalty}, or say unconstrained: true"
    )
    assert caught.value.option == "form"
    with pytest.raises(ContractError):  # a penalty that weighs nothing bounds nothing
        gan.check(recipe(gan=gan, penalty=GradientPenaltySpec(weight=0)), WIRING)


def test_wasserstein_is_content_with_a_bound_or_a_word() -> None:
    gan = AdversarialSpec(form="wasserstein")
    gan.check(recipe(gan=gan, penalty=GradientPenaltySpec()), WIRING)
    gan.check(recipe(gan=gan, penalty=R1Spec()), WIRING)
    free = AdversarialSpec(form="wasserstein", unconstrained=True)
    free.check(recipe(gan=free), WIRING)
    for form in ("vanilla", "least_squares", "hinge"):
        AdversarialSpec(form=form).check(recipe(), WIRING)


def test_unconstrained_is_a_word_of_wasserstein_only() -> None:
    with pytest.raises(ValidationError, match="is for form: wasserstein, and hinge came"):
        AdversarialSpec(form="hinge", unconstrained=True)


def test_a_recipe_says_where_the_bound_is_missing() -> None:
    with pytest.raises(RecipeError) as caught:
        contracts(Recipe.load("pix2pix", set={"losses.gan.form": "wasserstein"}))
    assert str(caught.value).startswith("losses.gan.form: wasserstein needs a bound on the ")
    penalty = {"losses.gan.form": "wasserstein", "losses.penalty.use": "gradient_penalty"}
    contracts(Recipe.load("pix2pix", set=penalty))


# ---------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize(
    ("loss", "label", "expected"),
    [
        (L1Spec(weight=100), "G_L1", 100 * (0.3 + 0.4 + 0 + 1.2) / 4),
        (L2Spec(weight=2), "G_L2", 2 * (0.09 + 0.16 + 0 + 1.44) / 4),
        (CharbonnierSpec(eps=0.4), "G_Charbonnier", (0.5 + math.sqrt(0.32) + 0.4 + 1.6**0.5) / 4),
        (CharbonnierSpec(eps=0.4, weight=0), "G_Charbonnier", 0),
    ],
    ids=str,
)
def test_reconstruction_by_hand(loss: LossSpec, label: str, expected: float) -> None:
    real = torch.tensor([[[[0.1, -0.2], [0.5, -0.6]]]], dtype=torch.float64)
    fake = real + torch.tensor([[0.3, -0.4], [0.0, 1.2]], dtype=torch.float64)
    assert heard(loss, "generator", fake=fake, real=real) == {
        label: pytest.approx((expected, expected), rel=1e-12)
    }
    assert heard(loss, "discriminator", fake=fake, real=real) == {}


def test_pooled_l1_by_hand() -> None:
    """Squares of 2 pixels in 3 x 5: those of the border are 2 x 1, 1 x 2 and 1 x 1."""
    apart = torch.tensor(
        [[0.3, -0.1, 0.2, 0.4, 1.0], [0.1, 0.1, -0.2, 0.0, -0.5], [0.5, -0.7, 0.2, 0.2, -0.3]],
        dtype=torch.float64,
    )
    real = pictures(1, 1, 3, 5)
    means = [(4, 0.1), (4, 0.1), (2, 0.25), (2, -0.1), (2, 0.2), (1, -0.3)]  # pixels, and mean
    expected = 30 * sum(pixels * abs(mean) for pixels, mean in means) / 15
    said = heard(L1Spec(pool=2, weight=30), "generator", fake=real + apart, real=real)
    assert said == {"G_L1": pytest.approx((expected, expected), rel=1e-12)}
    assert heard(L1Spec(pool=2), "discriminator", fake=real, real=real) == {}


@settings(deadline=None, max_examples=50)
@given(
    shape=st.tuples(*(st.integers(1, n) for n in (3, 4, 20, 20))),
    pool=st.integers(1, 24),
    last=st.booleans(),
)
def test_pooled_l1_of_any_size_is_its_formula(
    shape: tuple[int, ...], pool: int, last: bool
) -> None:
    fake, real = pictures(*shape), pictures(*shape, seed=1)
    if last:
        fake = fake.contiguous(memory_format=torch.channels_last)
    total = 0.0
    for i in range(0, shape[2], pool):
        for j in range(0, shape[3], pool):
            square = (fake - real)[:, :, i : i + pool, j : j + pool]
            total += square.mean((2, 3)).abs().sum().item() * square[0, 0].numel()
    expected = total / fake.numel()
    said = heard(L1Spec(pool=pool), "generator", fake=fake, real=real)
    assert said == {"G_L1": pytest.approx((expected, expected), rel=1e-9, abs=1e-15)}


def test_squares_are_of_l1_alone() -> None:
    with pytest.raises(ValueError, match="pool 8 came with form l2; l1 alone has one"):
        Reconstruction(form="l2", weight=1, pool=8)
    Reconstruction(form="l2", weight=1, pool=1)


def test_pooled_l1_sees_no_detail_and_a_pool_of_one_all_of_it() -> None:
    real = pictures(1, 3, 8, 8)
    checkers = 0.25 * (-1.0) ** torch.arange(8)[:, None] * (-1.0) ** torch.arange(8)
    given = {"fake": real + checkers, "real": real}
    assert heard(L1Spec(pool=4), "generator", **given)["G_L1"][0] < 1e-12
    assert heard(L1Spec(), "generator", **given)["G_L1"][0] == pytest.approx(0.25)
    assert (
        heard(L1Spec(pool=4), "generator", fake=real + 0.25, real=real)["G_L1"]
        == (pytest.approx(0.25),) * 2
    )


def test_charbonnier_is_smooth_where_l1_has_a_tip() -> None:
    real = pictures(1, 3, 2, 2)
    assert heard(CharbonnierSpec(), "generator", fake=real, real=real) == {
        "G_Charbonnier": pytest.approx((1e-3, 1e-3))
    }
    fake = real.clone().requires_grad_()
    (term,) = CharbonnierSpec().build()(scene(fake=fake, real=real), "generator")
    (gradient,) = torch.autograd.grad(term.value, fake)
    assert torch.equal(gradient, torch.zeros_like(real))


def test_total_variation_by_hand() -> None:
    fake = torch.tensor([[[[0.0, 1.0, -1.0], [0.5, 0.5, 0.0]]]], dtype=torch.float64)
    across, down = (1 + 2 + 0 + 0.5) / 4, (0.5 + 0.5 + 1) / 3
    said = heard(TotalVariationSpec(weight=6), "generator", fake=fake)
    assert said == {"G_TV": pytest.approx((6 * (across + down),) * 2)}


def test_total_variation_of_few_pixels() -> None:
    row = torch.tensor([[[[0.0, 1.0, -1.0]]]])
    assert heard(TotalVariationSpec(), "generator", fake=row) == {"G_TV": (1.5, 1.5)}
    assert heard(TotalVariationSpec(), "generator", fake=row[..., :1]) == {"G_TV": (0, 0)}


@pytest.mark.parametrize(
    "loss",
    [L1Spec(), L1Spec(pool=3), L2Spec(), CharbonnierSpec(eps=0.1), TotalVariationSpec()],
    ids=str,
)
def test_pictures_get_the_slope_of_finite_differences(loss: LossSpec) -> None:
    function, real = loss.build(), pictures(2, 2, 3, 4)

    def total(fake: Tensor) -> Tensor:
        return torch.stack([t.value for t in function(scene(fake=fake, real=real), "generator")])

    assert torch.autograd.gradcheck(total, pictures(2, 2, 3, 4, seed=1).requires_grad_())
