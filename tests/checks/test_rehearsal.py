"""A rehearsal against the real step: the same operations; test_memory.py has the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.interfaces import LossFunction
from gan_zoo.components.learning import LossSpec
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.scene import Term
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import Memory, PhaseRunner
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from tests.checks.reality import BOTTLENECK, LEAST_SQUARES, SMALL, Reality

PHASES = {
    "phases.main": None,
    "phases.judge": {"steps": 1, "train": ["discriminator"], "size": [16, 16]},
    "phases.decode": {"steps": 1, "train": ["generator.decoder", "discriminator"]},
    "phases.both": {"steps": 1, "set": {"data.batch": 3}},
}
FEW: dict[str, dict[str, Any]] = {
    "unet": {},
    "least_squares": {**LEAST_SQUARES, "optimizers.generator": {"use": "sgd", "momentum": 0.9}},
    "encoder_decoder": {"generator": {**BOTTLENECK, "width": 4}},
    "pixel": {"discriminator": {"use": "pixel", "width": 4}},
    "unconditional": {"discriminator.conditional": False, "generator.dropout": "paper"},
    "no_discriminator": {
        "discriminator": None,
        "losses.gan": None,
        "optimizers.discriminator": None,
    },
    "phases": PHASES,
}


@pytest.mark.parametrize("name", FEW)
def test_the_operations_are_those_of_a_real_step(name: str) -> None:
    recipe = Recipe.load("pix2pix", set={**SMALL, **FEW[name]})
    real = Reality(recipe)
    found = rehearse(recipe)
    assert [phase.phase for phase in found] == list(recipe.phases)
    for rehearsed in found:
        runner = real.enter(rehearsed.phase)
        with FlopCounterMode(display=False) as counted:
            runner.step([real.batch(rehearsed.phase)])
        runner.remember()
        assert rehearsed.flop == counted.get_total_flops() > 0


def test_what_plays_what_rests_and_what_learns_is_told() -> None:
    recipe = Recipe.load("pix2pix", set={**SMALL, **PHASES})
    networks = assemble(recipe).networks
    size: Mapping[str, int] = {
        n: sum(p.numel() for p in m.parameters()) for n, m in networks.items()
    }
    judge, decode, both = rehearse(recipe)
    for found in (judge, decode, both):
        assert found.playing == size
        assert found.resting == {"generator": 0, "discriminator": 0}
        assert found.receptive_field == 34
    decoder = sum(p.numel() for p in networks["generator"].get_submodule("decoder").parameters())
    assert judge.learning == {"generator": 0, "discriminator": size["discriminator"]}
    assert decode.learning == {"generator": decoder, "discriminator": size["discriminator"]}
    assert both.learning == size
    assert [found.size for found in (judge, decode, both)] == [(16, 16), (32, 32), (32, 32)]
    assert [found.batch for found in (judge, decode, both)] == [2, 2, 3]
    assert judge.flop < decode.flop < both.flop


def test_a_size_that_nobody_tells_is_assumed_and_said() -> None:
    recipe = Recipe.load("pix2pix", set={**SMALL, "data.crop": None, "generator.depth": 3})
    [guess], [known] = rehearse(recipe), rehearse(recipe, (40, 48))
    assert (guess.assumed, guess.size) == (True, (256, 256))
    assert (known.assumed, known.size) == (False, (40, 48))


class Point(nn.Module):
    """A generator of single pixels, with a layer that rests."""

    def __init__(self) -> None:
        super().__init__()
        self.plays, self.rests = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.plays(x)
        return made


class PointSpec(GeneratorSpec, name="point"):
    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Point()

    def multiple(self) -> int:
        return 3


def pointwise(**changes: Any) -> Recipe:
    recipe = Recipe.load("pix2pix", set={**SMALL, **changes})
    return recipe.model_copy(update={"generator": PointSpec(), "init": None})


def test_a_known_side_is_rehearsed_as_it_is_and_a_guess_as_it_suits() -> None:
    free = pointwise(**{"data.crop": None})
    assert [rehearse(free, size)[0].size for size in ((18, 20), None)] == [(18, 20), (258, 258)]
    wide = pointwise(**{"data.crop": None, "data.scale_width": 20})
    assert [rehearse(wide, size)[0].size for size in ((16, 20), None)] == [(16, 20), (258, 20)]


def test_what_learns_and_does_not_play_is_not_counted() -> None:
    [found] = rehearse(pointwise())
    assert found.learning["generator"] == found.playing["generator"] == 3 * 3 + 3
    assert found.resting["generator"] == 3 * 3 * 9 + 3
    assert found.learning["discriminator"] == found.playing["discriminator"] > 0


class Ids(nn.Module):
    kinds: ClassVar[list[torch.dtype]] = []

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        self.kinds[:] = [maps["label"].dtype, maps["source"].dtype]
        return maps["source"]


class IdsSpec(ConditionSpec, name="ids"):
    def needs(self) -> tuple[str, ...]:
        return "source", "label"

    def gives(self, maps: Mapping[str, Image]) -> Image:
        return maps["source"]

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        return Ids()


def test_maps_of_ids_are_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = pointwise().model_copy(update={"conditions": {"ids": IdsSpec()}})
    kind, maps = type(recipe.data), type(recipe.data).maps
    label = Image(1, 32, 32, classes=5)
    monkeypatch.setattr(kind, "maps", lambda *given: {**maps(*given), "label": label})
    rehearse(recipe)
    assert Ids.kinds == [torch.int64, torch.float32]


class FeaturesSpec(LossSpec, name="features"):
    """Distances of features that are drawn and stay."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        layer = nn.Conv2d(3, 2, 1)
        weight = self.weight

        class Features(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = layer.requires_grad_(False)

            def forward(self, scene: Any, player: str) -> list[Term]:
                if player != "generator":
                    return []
                assert self.layer.weight.is_meta
                apart = self.layer(scene["fake"]) - self.layer(scene["real"])
                return [Term("G_Features", apart.abs().mean(), weight)]

        return Features()


def test_what_a_phase_builds_anew_is_on_paper_too_and_optimizers_count_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = pointwise()
    losses = {**recipe.losses, "features": FeaturesSpec()}
    recipe = recipe.model_copy(update={"losses": losses})
    changed = recipe.model_copy(update={"losses": {**losses, "features": FeaturesSpec(weight=9.0)}})
    monkeypatch.setattr(Recipe, "in_phase", lambda self, name, zoo=None: changed)
    counts: set[str] = set()
    remember = PhaseRunner.remember

    def watched(runner: PhaseRunner) -> Memory:
        memory = remember(runner)
        states = [state for own in memory.optimizers.values() for state in own.values()]
        counts.update(state["step"].device.type for state in states)
        assert all(state["exp_avg"].is_meta for state in states)
        return memory

    monkeypatch.setattr(PhaseRunner, "remember", watched)
    [found] = rehearse(recipe)
    assert found.flop > 0
    assert counts == {"cpu"}


def test_no_weight_is_allocated() -> None:
    """Of a network that would fill any machine."""
    recipe = Recipe.load("pix2pix", set={"generator.width": 4096})
    [found] = rehearse(recipe)
    assert found.playing["generator"] > 2 * 10**11
    assert found.peak_bytes > 3 * 10**12


def test_an_average_is_one_copy_of_the_generator_more() -> None:
    average = {"callbacks.average": {"use": "average"}}
    [without] = rehearse(Recipe.load("pix2pix", set=SMALL))
    [beside] = rehearse(Recipe.load("pix2pix", set={**SMALL, **average}))
    recipe = Recipe.load("pix2pix", set=SMALL)
    generator = assemble(recipe).networks["generator"]
    held = sum(t.nbytes for t in (*generator.parameters(), *generator.buffers()))
    assert beside.peak_bytes - without.peak_bytes == held


class ShrinkingSpec(GeneratorSpec, name="shrinking"):
    """Forgets its padding."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return nn.Conv2d(given.channels, wanted.channels, 3)


def test_a_picture_of_another_size_is_refused_by_name() -> None:
    recipe = Recipe.load("pix2pix", set=SMALL).model_copy(update={"generator": ShrinkingSpec()})
    with pytest.raises(UserError, match=r"generator: the shrinking made a picture of \[") as told:
        rehearse(recipe)
    assert "check()" in str(told.value)
