"""Discriminators side by side."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gan_zoo import Recipe, RecipeError, contracts
from gan_zoo.components import ContractError, Image, Single
from gan_zoo.testing import phase, playing
from gan_zoo_projected import ProjectedSpec, TogetherSpec

PATCH = {"use": "patch", "layers": 1, "width": 2}
FEATURES = {
    "use": "projected/projected",
    "backbone": "test_byobnet",
    "weights": "none",
    "levels": [2, 3],
    "width": 2,
}
SCALES = {"use": "multiscale", "scales": 2, "each": FEATURES}


def together(**judges: Any) -> TogetherSpec:
    return TogetherSpec.model_validate({"judges": judges})


def test_views_are_those_of_all_in_order() -> None:
    spec = together(features=FEATURES, patches=PATCH, scales=SCALES)
    torch.manual_seed(0)
    module: Any = spec.build(Image(2), Image(3)).eval()
    images = Image(2, 24, 20), Image(3, 24, 20)
    inputs = [torch.rand(2, image.channels, 24, 20) for image in images]
    views = module(*inputs)
    apart = [view for judge in module.judges for view in judge(*inputs)]
    assert len(views) == 4
    for ours, theirs in zip(views, apart, strict=True):
        assert all(map(torch.equal, ours, theirs))
    came = [[tuple(tensor.shape[1:]) for tensor in view] for view in views]
    assert came == [
        [(image.channels, image.height, image.width) for image in view]
        for view in spec.views(*images)
    ]
    first = spec.judges["features"]
    assert isinstance(first, ProjectedSpec)
    assert spec.receptive_field() == first.receptive_field()
    assert not issubclass(TogetherSpec, Single)


def test_what_one_refuses_is_told_of_it() -> None:
    with pytest.raises(ContractError, match="level 3 is at 1/8") as refused:
        together(patches=PATCH, features=FEATURES).check(Image(2), Image(3, 7, 9))
    assert refused.value.option == "judges.features.levels"
    wrong = {**FEATURES, "backbone": "test_convnext", "levels": [1]}
    with pytest.raises(ContractError, match="level 1 wants features at 1/2") as refused:
        together(features=wrong).build(Image(2), Image(3))
    assert refused.value.option == "judges.features.levels"


def test_fixed_weights_reach_each(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []
    monkeypatch.setattr(ProjectedSpec, "fetch", lambda self, module: fetched.append(module))
    spec = together(patches=PATCH, features=FEATURES, scales=SCALES)
    module: Any = spec.build(Image(2), Image(3))
    spec.fetch(module)
    assert fetched == [module.judges[1], *module.judges[2].scales]


TINY = {
    "data": {"use": "emoji", "batch": 2, "workers": 0},
    "generator.width": 2,
    "generator.depth": 3,
    "losses.gan.form": "hinge",
    "callbacks.previews": None,
    "phases.main": None,
}


def recipe(judges: dict[str, Any], **phases: Any) -> Recipe:
    discriminator = {"use": "projected/together", "judges": judges}
    named = {f"phases.{name}": {"steps": 1, **phase} for name, phase in phases.items()}
    return Recipe.load("quickstart", set={**TINY, "discriminator": discriminator, **named})


def test_phases_name_the_judges() -> None:
    """One rests, and the scales of another are fewer."""
    made = recipe(
        {"patches": PATCH, "scales": SCALES},
        first={"train": ["generator", "discriminator.patches"]},
        second={"set": {"discriminator.judges.scales.scales": 1}},
    )
    contracts(made)
    first, second = (phase(made, name) for name in made.phases)
    assert {name.split(".")[2] for name in first.players["discriminator"].learns} == {"0"}
    assert {name.split(".")[2] for name in second.players["discriminator"].learns} == {"0", "1"}
    judge: Any = playing(second)["discriminator"]
    assert len(judge.judges[1].scales) == 1


def test_wrong_names_are_told() -> None:
    with pytest.raises(RecipeError, match=r"there is no part 'discriminator\.patch'; did you mean"):
        contracts(recipe({"patches": PATCH}, only={"train": ["discriminator.patch"]}))
    with pytest.raises(RecipeError, match=r"discriminator\.judges\.patches\.layer: "):
        recipe({"patches": {"use": "patch", "layer": 1}}, only={})
    with pytest.raises(RecipeError, match=r"discriminator\.judges"):
        recipe({}, only={})
