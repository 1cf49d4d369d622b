from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from gan_zoo.assembly import assemble
from gan_zoo.recipe.model import Recipe

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
    assert made.part("generator") is generator
    assert made.part("generator.encoder") is generator.get_submodule("encoder")
    with pytest.raises(KeyError):
        made.part("critic")
