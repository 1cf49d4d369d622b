from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.assembly import Assembly, assemble
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.stage import Memory, Stage
from gan_zoo.recipe.model import Recipe

Make = Callable[..., Recipe]

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
    "callbacks.previews": None,
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


class Player:
    """An assembly that plays phase after phase, as a run does, without files."""

    def __init__(self, recipe: Recipe, precision: str = "float32") -> None:
        self.recipe = recipe
        self.assembly: Assembly = assemble(recipe)
        self.precision = Precision(torch.device("cpu"), precision, "contiguous")
        self.memory: Memory = {}
        torch.manual_seed(recipe.seed)

    def enter(self, phase: str, *, resumed: bool = False) -> Stage:
        self.stage = Stage(self.assembly, phase, self.precision, self.memory)
        self.stage.begin(resumed=resumed)
        return self.stage

    def step(self, seed: int, side: int = 16, batch: int = 2) -> dict[str, float]:
        return self.stage.step([maps(seed, side, batch)]).numbers()

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
