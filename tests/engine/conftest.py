from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import Assembly, assemble
from gan_zoo.engine.phase import Memory, PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe

Make = Callable[..., Recipe]
LR = 0.1

TINY = {
    "data.load": [18, 18],
    "data.crop": [16, 16],
    "data.batch": 2,
    "data.workers": 0,
    "generator.width": 2,
    "generator.depth": 3,
    "generator.dropout": "paper",
    "discriminator.width": 2,
    "discriminator.layers": 1,
    "callbacks": None,
    "engine.device": "cpu",
    "phases.main": None,
}


@pytest.fixture
def tiny() -> Make:
    """A recipe as small as one can be that has all that matters: norms, dropout, both players."""

    def make(
        set: Mapping[str, Any] | None = None, /, recipe: str = "pix2pix", **phases: Any
    ) -> Recipe:
        named = phases or {"only": {"steps": 4}}
        added = {f"phases.{name}": phase for name, phase in named.items()}
        return Recipe.load(recipe, set={**TINY, **added, **(set or {})})

    return make


@pytest.fixture
def few(tiny: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """Steps on the emoji that ship with gan-zoo, at 16 pixels."""

    def make(changes: dict[str, Any] | None = None, /, **phases: Any) -> Recipe:
        sized = {name: {"size": [16, 16], **phase} for name, phase in phases.items()}
        recipe = tiny(changes, **sized)
        emoji = Recipe.load("quickstart", set={"data.workers": 0, "data.batch": 2}).data
        return recipe.model_copy(update={"data": emoji})

    return make


class Player:
    """An assembly that plays phase after phase, as a run does, without files."""

    def __init__(self, recipe: Recipe, precision: str = "float32") -> None:
        self.recipe = recipe
        self.assembly: Assembly = assemble(recipe)
        self.precision = Precision(torch.device("cpu"), precision, "contiguous")
        self.memory = Memory()
        torch.manual_seed(recipe.seed)

    def enter(self, phase: str, *, resumed: bool = False) -> PhaseRunner:
        self.runner = PhaseRunner(self.assembly, phase, self.precision, self.memory)
        self.runner.begin(resumed=resumed)
        return self.runner

    def step(self, seed: int, side: int = 16, batch: int = 2) -> dict[str, float]:
        return self.runner.step([maps(seed, side, batch)]).numbers()

    def weights(self) -> dict[str, Tensor]:
        """Every tensor of every network, copied."""
        return {
            f"{name}.{key}": tensor.clone()
            for name, module in self.assembly.networks.items()
            for key, tensor in module.state_dict().items()
        }


def maps(seed: int, side: int = 16, batch: int = 2) -> dict[str, Tensor]:
    """A batch of noise, 8 bit."""
    draw = torch.Generator().manual_seed(seed)
    shape = (batch, 3, side, side)
    return {
        name: torch.randint(0, 256, shape, dtype=torch.uint8, generator=draw)
        for name in ("source", "target")
    }


@pytest.fixture
def play() -> type[Player]:
    return Player


@pytest.fixture
def noise() -> Callable[..., dict[str, Tensor]]:
    return maps


def moved(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> set[str]:
    """The tensors that are not equal to the bit."""
    return {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}


@pytest.fixture
def differ() -> Callable[..., set[str]]:
    return moved


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.3, -0.2, 0.5]).reshape(1, 3, 1, 1))
        self.bias = nn.Parameter(torch.tensor(0.1))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x + self.bias


class LineSpec(GeneratorSpec, name="line"):
    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Line()


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(-1, 1, 6).reshape(1, 6, 1, 1))

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        both = torch.cat([condition, picture], dim=1)
        return [[both, (self.weight * both).sum(dim=1, keepdim=True)]]


class ScaleSpec(DiscriminatorSpec, name="scale"):
    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Scale()

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        return [[wanted.with_channels(6), wanted.with_channels(1)]]

    def receptive_field(self) -> int:
        return 1


@pytest.fixture
def linear(tiny: Callable[..., Recipe]) -> Recipe:
    """The smallest game: one weight a channel on either side, plain descent."""
    recipe = tiny(
        {
            "optimizers.generator": {"use": "sgd", "lr": LR},
            "optimizers.discriminator": {"use": "sgd", "lr": LR},
            "init": None,
        }
    )
    return recipe.model_copy(update={"generator": LineSpec(), "discriminator": ScaleSpec()})


def assert_by_hand(
    runner: PhaseRunner,
    terms: Mapping[str, float],
    told: Mapping[str, Tensor],
    networks: Mapping[str, nn.Module],
) -> None:
    """A step gave the losses and the weights that were written out by hand."""
    assert terms == pytest.approx({name: loss.item() for name, loss in told.items()}, rel=1e-14)
    for name, network in networks.items():
        ours = runner.cast.networks[name].state_dict()
        for key, tensor in network.state_dict().items():
            torch.testing.assert_close(ours[key], tensor, rtol=1e-13, atol=0)
