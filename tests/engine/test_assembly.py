from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.interfaces import LossFunction
from gan_zoo.components.learning import LossSpec
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe

Make = Callable[..., Recipe]


def test_first_weights_follow_from_the_seed_and_the_network_alone(tiny: Make) -> None:
    one, same = assemble(tiny()), assemble(tiny({"discriminator.width": 3, "losses.l1.weight": 1}))
    other = assemble(tiny({"seed": 1}))
    ours, theirs = (a.networks["generator"].state_dict() for a in (one, same))
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    key = "encoder.0.conv.weight"
    assert not torch.equal(ours[key], other.networks["generator"].state_dict()[key])


@pytest.mark.parametrize("weights", [True, False])
def test_building_leaves_torch_s_generator_alone(tiny: Make, weights: bool) -> None:
    before = torch.get_rng_state()
    assemble(tiny(), weights=weights)
    assert torch.equal(torch.get_rng_state(), before)


def test_on_the_meta_device_nothing_is_allocated(tiny: Make) -> None:
    with torch.device("meta"):
        made = assemble(tiny(), weights=False)
    assert all(p.is_meta for network in made.networks.values() for p in network.parameters())


def test_networks_know_their_player_and_parts_their_module(tiny: Make) -> None:
    made = assemble(tiny())
    assert {name: made.owner(name) for name in made.networks} == {
        "generator": "generator",
        "discriminator": "discriminator",
    }
    assert made.owner("conditions.texture") == "generator"
    generator = made.networks["generator"]
    assert made.parts("generator") == [generator]
    assert made.parts("generator.encoder") == [generator.get_submodule("encoder")]
    with pytest.raises(KeyError):
        made.parts("critic")


class FeaturesSpec(LossSpec, name="features"):
    """A module whose features are drawn and stay."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"fake"})}

    def build(self) -> LossFunction:
        return nn.Linear(3, 2)


def features(loss: Any) -> Tensor:
    weight: Tensor = loss.weight
    return weight.detach()


def test_fixed_features_follow_from_the_seed_and_the_name(tiny: Make) -> None:
    def made(seed: int = 0, name: str = "features") -> Tensor:
        recipe = tiny({"seed": seed})
        losses = {**recipe.losses, name: FeaturesSpec()}
        return features(assemble(recipe.model_copy(update={"losses": losses})).losses[name])

    once = made()
    torch.rand(7)  # what was drawn in between changes nothing
    assert torch.equal(once, made())
    assert not torch.equal(once, made(seed=1))
    assert not torch.equal(once, made(name="others"))


def test_a_loss_that_a_phase_builds_anew_has_the_same_features(
    tiny: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny()
    recipe = recipe.model_copy(update={"losses": {"features": FeaturesSpec()}})
    heavier = recipe.model_copy(update={"losses": {"features": FeaturesSpec(weight=3.0)}})
    monkeypatch.setattr(Recipe, "in_phase", lambda self, name, zoo=None: heavier)
    assembly = assemble(recipe)
    for device in ("cpu", "meta"):
        with torch.device(device):
            runner = PhaseRunner(
                assembly, "only", Precision(torch.device(device), "float32", "contiguous")
            )
        mine: Any = runner.losses["features"]
        assert mine is not assembly.losses["features"]
        assert mine.weight.device.type == device
        if device == "cpu":
            assert torch.equal(features(mine), features(assembly.losses["features"]))


class Counted(nn.Module):
    """A condition that learns nothing and holds a table."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.tensor([1.0, 2.0, 4.0]).reshape(1, 3, 1, 1))

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        return maps["source"] * self.get_buffer("table")


class CountedSpec(ConditionSpec, name="counted"):
    def needs(self) -> tuple[str, ...]:
        return ("source",)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        return maps["source"]

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        return Counted()


def test_a_condition_with_buffers_alone_is_a_network_of_the_run(tiny: Make) -> None:
    recipe = tiny().model_copy(update={"conditions": {"counted": CountedSpec()}})
    made = assemble(recipe)
    assert list(made.networks) == ["generator", "discriminator", "conditions.counted"]
    assert made.networks["conditions.counted"] is made.conditions["counted"]
    assert made.owner("conditions.counted") == "generator"
    assert [*made.networks["conditions.counted"].state_dict()] == ["table"]
    assert list(assemble(tiny()).networks) == ["generator", "discriminator"]
