from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gan_zoo.checks.contracts import contracts
from gan_zoo.components.networks import DiscriminatorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.validation import RecipeError
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing.fixtures import batch_of, recipe_around
from gan_zoo.testing.stand_ins import PicturesSpec
from gan_zoo_discriminators.single_specs import PatchSpec
from gan_zoo_losses.feature_specs import FeatureMatchingSpec
from gan_zoo_losses.specs import AdversarialSpec
from tests.plugins.acted import heard, pictures, scene

PAIRED: Any = Zoo.installed().get("method", "paired")
CPU = Precision(torch.device("cpu"), "float64", "contiguous")
Views = list[list[Tensor]]


def views(counts: list[int], seed: int = 0) -> Views:
    """So many maps a scale, of any sizes, before logits that no term may look at."""
    return [
        [
            *(pictures(2, 3 + k, 9 - k, 7, seed=10 * seed + k) for k in range(count)),
            torch.full((2, 1, 3, 3), torch.nan, dtype=torch.float64),
        ]
        for count in counts
    ]


def by_the_formula(fake: Views, real: Views) -> float:
    """DESIGN's sentence, word by word: the sum, over every map of every view except each view's
    last, of (1/scales) * 4/(layers + 1) * mean |fake map - real map|.
    """
    total = 0.0
    for ours, theirs in zip(fake, real, strict=True):
        layers = len(ours) - 2  # layers + 1 maps a view besides the logits
        for a, b in list(zip(ours, theirs, strict=True))[:-1]:
            mean = sum(abs(x - y) for x, y in zip(a.flatten(), b.flatten(), strict=True)) / len(
                a.flatten()
            )
            total += (1 / len(fake)) * (4 / (layers + 1)) * float(mean)
    return total


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3))
@settings(max_examples=8, deadline=None)
def test_it_is_its_formula(counts: list[int]) -> None:
    fake, real = views(counts), views(counts, seed=1)
    said = heard(FeatureMatchingSpec(weight=3.0), "generator", fake_views=fake, real_views=real)
    expected = 3 * by_the_formula(fake, real)
    assert said == {"G_GAN_Feat": (pytest.approx(expected, rel=1e-12),) * 2}
    assert heard(FeatureMatchingSpec(), "discriminator", fake_views=fake, real_views=real) == {}


def test_by_hand() -> None:
    zero, one = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    fake, real = [[one, zero, zero], [2 * one, one, one, one]], [[zero] * 3, [zero] * 4]
    # two maps: 4/2 * (1 + 0); three maps: 4/3 * (2 + 1 + 1); half of the sum, ten times
    said = heard(FeatureMatchingSpec(), "generator", fake_views=fake, real_views=real)
    assert said["G_GAN_Feat"] == pytest.approx((10 * (2 + 16 / 3) / 2,) * 2)


@pytest.mark.parametrize("layers", [1, 3, 4])
def test_the_layers_of_the_formula_are_patch_s_word(layers: int) -> None:
    spec = PatchSpec(layers=layers, width=2, norm="none")
    given, wanted = Image(1, 64, 64), Image(3, 64, 64)
    network = spec.build(given, wanted).double()
    condition = pictures(1, 1, 64, 64)
    one, other = (network(condition, pictures(1, 3, 64, 64, seed=n)) for n in (1, 2))
    assert len(spec.views(given, wanted)[0]) - 1 == layers + 1
    means = [(a - b).abs().mean().item() for a, b in zip(one[0][:-1], other[0][:-1], strict=True)]
    said = heard(FeatureMatchingSpec(weight=1.0), "generator", fake_views=one, real_views=other)
    assert said["G_GAN_Feat"][0] == pytest.approx(4 / (layers + 1) * sum(means), rel=1e-12)


def test_the_real_side_has_no_gradient() -> None:
    fake, real = views([2, 1]), views([2, 1], seed=1)
    for tensor in (t for side in (fake, real) for view in side for t in view):
        tensor.requires_grad_()
    (term,) = FeatureMatchingSpec(weight=1.0).build()(
        scene(fake_views=fake, real_views=real), "generator"
    )
    term.value.backward()
    for view, count in zip(fake, (2, 1), strict=True):
        for ours in view[:-1]:
            assert ours.grad is not None
            slope = 4 / count / 2 / ours.numel()  # of |difference|, its mean, over two scales
            torch.testing.assert_close(ours.grad.abs(), torch.full_like(ours, slope))
        assert view[-1].grad is None
    assert all(tensor.grad is None for view in real for tensor in view)


# ---------------------------------------------------------------------------------- in a run


def moved(turns: str, *, share: bool, steps: int = 2) -> dict[str, Tensor]:
    """The weights after some steps of stand-ins."""
    losses = {"gan": AdversarialSpec(), "features": FeatureMatchingSpec()}
    recipe = recipe_around(PAIRED(turns=turns), losses, PicturesSpec(batch=2))
    assembly = assemble(recipe)
    runner = PhaseRunner(assembly, "main", replace(CPU, share_views=share))
    runner.begin()
    shown = [runner.step([batch_of(recipe.data, 2)], n).numbers() for n in range(steps)]
    assert all(0 < terms["G_GAN_Feat"] < 100 for terms in shown)
    return {
        f"{name}.{key}": tensor
        for name, network in assembly.networks.items()
        for key, tensor in network.state_dict().items()
    }


def test_shared_views_teach_the_same() -> None:
    shared, apart = moved("simultaneous", share=True), moved("simultaneous", share=False)
    for key, tensor in shared.items():
        torch.testing.assert_close(tensor, apart[key], rtol=1e-9, atol=1e-12)


def test_the_discriminator_learns_nothing_from_it() -> None:
    """After one simultaneous step it is where the game alone leads it."""
    after = moved("simultaneous", share=True, steps=1)
    recipe = recipe_around(
        PAIRED(turns="simultaneous"), {"gan": AdversarialSpec()}, PicturesSpec(batch=2)
    )
    assembly = assemble(recipe)
    runner = PhaseRunner(assembly, "main", CPU)
    runner.begin()
    runner.step([batch_of(recipe.data, 2)])
    alone = assembly.networks["discriminator"].state_dict()
    for key, tensor in alone.items():
        torch.testing.assert_close(after[f"discriminator.{key}"], tensor, rtol=1e-9, atol=1e-12)
    generator = assembly.networks["generator"].state_dict()
    assert any(not torch.equal(after[f"generator.{k}"], t) for k, t in generator.items())


def test_alternate_turns_see_the_discriminator_as_it_is_now() -> None:
    assert moved("alternate", share=True).keys() == moved("simultaneous", share=True).keys()


class BluntSpec(DiscriminatorSpec, name="blunt"):
    """Logits alone."""

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        return [[wanted.with_channels(1)]]

    def receptive_field(self) -> int:
        return 1

    def build(self, given: Image, wanted: Image) -> nn.Module:
        raise AssertionError("refused before")


def test_logits_alone_are_refused_with_the_cure() -> None:
    recipe = Recipe.load("pix2pix", set={"losses.features.use": "feature_matching"})
    contracts(recipe)
    with pytest.raises(RecipeError) as refused:
        contracts(recipe.model_copy(update={"discriminator": BluntSpec()}))
    assert str(refused.value) == (
        "losses.features: blunt gives logits alone with these options, and no features to be "
        "matched; change them, use another discriminator, as patch, or remove this loss (null)"
    )


def test_without_a_discriminator_it_is_refused() -> None:
    changes = {"discriminator": None, "optimizers.discriminator": None, "losses.gan": None}
    with pytest.raises(RecipeError, match=r"losses\.features: feature_matching needs fake_views"):
        contracts(
            Recipe.load("pix2pix", set={**changes, "losses.features.use": "feature_matching"})
        )


@pytest.mark.parametrize(
    ("precision", "held"), [("bfloat16", torch.bfloat16), ("float32", torch.float32)]
)
def test_maps_in_half_are_compared_as_they_are(precision: str, held: torch.dtype) -> None:
    """No copy of them in float32: neither by who calls the discriminator, nor by the loss."""
    losses = {"gan": AdversarialSpec(), "features": FeatureMatchingSpec()}
    judge = PatchSpec(layers=2, width=2)
    recipe = recipe_around(PAIRED(), losses, PicturesSpec(batch=2), discriminator=judge)
    runner = PhaseRunner(
        assemble(recipe), "main", Precision(torch.device("cpu"), precision, "contiguous")
    )
    runner.begin()
    seen: list[list[torch.dtype]] = []

    def ear(player: str, scene: Any, losses: Any) -> None:
        seen.extend([feature.dtype for feature in view] for view in scene["fake_views"])

    runner.listen(batch_of(recipe.data, 2), ear)
    assert seen
    assert all(view == [held] * (len(view) - 1) + [torch.float32] for view in seen)
