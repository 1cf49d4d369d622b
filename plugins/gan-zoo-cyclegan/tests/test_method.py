from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo import Recipe, RecipeError, contracts
from gan_zoo.testing import phase, picture_of, playing, rehearse, step

Make = Callable[..., Recipe]

BOTH = [
    "generator.a_to_b",
    "generator.b_to_a",
    "discriminator.a_to_b",
    "discriminator.b_to_a",
]


def maps(seed: int = 0, source: int = 3, target: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randint(0, 256, (1, n, 16, 16), dtype=torch.uint8, generator=generator)
        for name, n in (("source", source), ("target", target))
    }


def moved(recipe: Recipe, batch: dict[str, Tensor] | None = None) -> set[str]:
    """The parameters that two steps move."""
    runner = phase(recipe)
    before = {
        f"{name}.{key}": tensor.clone()
        for name, module in runner.networks.items()
        for key, tensor in module.state_dict().items()
    }
    for seed in range(2):
        runner.step([batch or maps(seed)], seed)
    after = {
        f"{name}.{key}": tensor
        for name, module in runner.networks.items()
        for key, tensor in module.state_dict().items()
    }
    return {key for key in before if not torch.equal(before[key], after[key])}


def test_the_recipe_has_the_published_networks() -> None:
    (main,) = rehearse(Recipe.load("cyclegan/cyclegan"), (256, 256))
    counts = dict.fromkeys(BOTH[:2], 11_378_179) | dict.fromkeys(BOTH[2:], 2_764_737)
    assert main.playing == counts
    assert main.learning == {"generator": 2 * 11_378_179, "discriminator": 2 * 2_764_737}
    assert main.receptive_field == 70


def test_the_rate_falls_as_published() -> None:
    schedule = Recipe.load("cyclegan/cyclegan").phases["main"].schedule
    assert schedule is not None
    factors = [schedule.factor(epoch) for epoch in (1, 99, 100, 150, 199, 200)]
    assert factors == pytest.approx([1, 1, 100 / 101, 50 / 101, 1 / 101, 0])


def test_networks_are_named_by_section_and_direction(tiny: Make) -> None:
    runner = phase(tiny())
    assert [*runner.networks] == BOTH
    owners = [runner.assembly.owner(name) for name in BOTH]
    assert owners == ["generator"] * 2 + ["discriminator"] * 2
    one, other = (runner.networks[name].state_dict() for name in BOTH[:2])
    assert not all(torch.equal(one[key], other[key]) for key in one)  # each has its own seed


def test_sides_may_differ_in_channels(tiny: Make) -> None:
    grey = tiny({"data.source": "grey", "losses.identity": None})
    contracts(grey)
    networks = phase(grey).networks
    weights = [next(networks[name].parameters()).shape[1] for name in BOTH]
    assert weights == [1, 3, 3, 1]  # what each takes
    assert moved(grey, maps(source=1)) == {
        f"{name}.{key}" for name in BOTH for key, _ in networks[name].named_parameters()
    }


@pytest.mark.parametrize("translate", ["a_to_b", "b_to_a"])
def test_translation_takes_the_generator_of_its_direction(tiny: Make, translate: str) -> None:
    recipe = tiny({"method.translate": translate})
    runner = phase(recipe)
    given = {"a_to_b": "source", "b_to_a": "target"}[translate]
    wiring = recipe.method.wire(recipe.parts())
    assert (wiring.inputs, wiring.networks[0].name) == ((given,), f"generator.{translate}")
    assert {wiring.target, given} == {"source", "target"}
    shown = maps()[given]
    made = picture_of(runner, {given: shown})
    expected = runner.networks[f"generator.{translate}"](shown.double() / 127.5 - 1)
    assert torch.equal(made, expected)


@pytest.mark.parametrize(
    ("train", "moves"),
    [
        (["generator.a_to_b"], ["generator.a_to_b."]),
        (["generator"], ["generator.a_to_b.", "generator.b_to_a."]),
        (
            ["generator.decoder", "discriminator.b_to_a"],
            ["generator.a_to_b.decoder.", "generator.b_to_a.decoder.", "discriminator.b_to_a."],
        ),
    ],
)
def test_phases_train_networks_by_name_and_by_section(
    tiny: Make, train: list[str], moves: list[str]
) -> None:
    recipe = tiny({"phases.main.train": train})
    contracts(recipe)
    keys = moved(recipe)
    assert all(key.startswith(tuple(moves)) for key in keys)
    assert all(any(key.startswith(start) for key in keys) for start in moves)


def test_a_side_on_which_nothing_learns_is_passed_over(tiny: Make) -> None:
    changes = {"losses.cycle": None, "losses.identity": None}
    keys = moved(tiny({**changes, "phases.main.train": ["generator.a_to_b"]}))
    assert keys
    assert all(key.startswith("generator.a_to_b.") for key in keys)


def test_a_part_plays_in_both_directions(tiny: Make) -> None:
    coarse = {"use": "global", "width": 2, "downsamplings": 1, "blocks": 1}
    enhanced = {"use": "local_enhancer", "blocks": 1, "norm": "instance", "coarse": coarse}
    recipe = tiny({"generator": enhanced, "phases.main.play": "generator.coarse"})
    contracts(recipe)
    runner = phase(recipe)
    networks = playing(runner)
    for name in BOTH[:2]:
        assert networks[name] is runner.networks[name].get_submodule("coarse")
    assert all(".coarse." in key for key in moved(recipe) if key.startswith("generator"))


@pytest.mark.parametrize("history", ["8-bit", "exact"])
def test_pools_are_state_and_hold_fakes_of_their_side(tiny: Make, history: str) -> None:
    recipe = tiny({"method.pool": 3, "method.history": history})
    runner = phase(recipe)
    for seed in range(5):
        runner.step([maps(seed)], seed)
    method: Any = runner.method
    state = method.state()
    assert {name: len(held) for name, held in state.items()} == {"a_to_b": 3, "b_to_a": 3}
    again: Any = recipe.method.build(recipe.parts())
    again.restore(state)
    for name in state:
        for ours, theirs in zip(method.pools[name].held, again.pools[name].held, strict=True):
            assert ours.keys() == theirs.keys() == {"fake"}
            assert torch.equal(ours["fake"], theirs["fake"])
            assert ours["fake"].dtype == (torch.uint8 if history == "8-bit" else torch.float64)
    assert (
        runner.method.held_bytes() == 6 * next(iter(method.pools.values())).held[0]["fake"].nbytes
    )


def test_other_losses_of_the_core_see_each_side(tiny: Make) -> None:
    recipe = tiny({"losses.r1": {"use": "r1"}, "losses.smooth": {"use": "total_variation"}})
    contracts(recipe)
    terms = step(recipe, [maps()])
    assert {"G_TV_A", "G_TV_B", "D_R1_A", "D_R1_B"} <= {*terms}


ONE_HOT = {"use": "one_hot", "map": "label", "seen_by": "generator"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"losses.l1": {"use": "l1"}}, r"losses\.l1: l1 needs real, and the generator has only"),
        ({"conditions.picture.seen_by": "both"}, r"say seen_by: generator in conditions\.picture"),
        ({"conditions.picture.map": "target"}, r"conditions\.picture needs target; let it read so"),
        ({"discriminator": None, "losses.gan": None}, r"discriminator: \{use: patch\}"),
        ({"engine.share_views": True}, r"use engine\.share_views: auto"),
        ({"data.source": "grey"}, r"source has 1 channel, target 3; remove this loss"),
        (
            {"validation": {"metrics": {"l1": {"use": "l1"}}}},
            r"validation: unpaired_folder pairs no picture .*leave validation out",
        ),
        ({"phases.main.train": ["generator.a_to_c"]}, r"did you mean generator\.a_to_b\?"),
        ({"phases.main.play": "generator.a_to_b"}, "'generator.a_to_b' cannot make the picture"),
    ],
)
def test_mistakes_are_told_with_their_cure(tiny: Make, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        contracts(tiny(changes))


def test_ids_are_no_side() -> None:
    labels = {"use": "manifest", "root": "x", "labels": {"source": 3}, "pictures": {"target": 3}}
    changes = {"data": labels, "conditions.picture": {**ONE_HOT, "map": "source"}}
    with pytest.raises(RecipeError, match="the map `source` holds ids"):
        contracts(Recipe.load("cyclegan/cyclegan", set=changes))


def test_data_without_both_sides_is_refused() -> None:
    labels = {"use": "label_folder", "root": "x", "classes": 3}
    changes = {"data": labels, "conditions.picture": ONE_HOT}
    with pytest.raises(RecipeError, match="the data has no `source`; it gives label"):
        contracts(Recipe.load("cyclegan/cyclegan", set=changes))


def test_pairs_may_be_scored_after_training_without_them(tiny: Make) -> None:
    pairs = {"use": "emoji"}
    scored = {"validation": {"metrics": {"l1": {"use": "l1"}}}, "losses.identity": None}
    contracts(Recipe.load("cyclegan/cyclegan", set={"data": pairs, **scored}))


def test_a_method_of_pairs_refuses_unpaired_data(tiny: Make) -> None:
    data = tiny().model_dump(mode="json")["data"]
    with pytest.raises(RecipeError, match="paired learns from inputs with their targets"):
        contracts(Recipe.load("pix2pix", set={"data": data}))
