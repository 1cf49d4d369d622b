"""Networks that are compiled learn what they should: also after a phase in which they rested, and
with two players who go backward through one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch
import torch._dynamo.utils
import torch._functorch.config
from torch import Tensor

from gan_zoo.recipe.recipe import Recipe
from tests.engine.conftest import Player

Make = Callable[..., Recipe]
ONE, BOTH = {"steps": 2, "train": ["discriminator"]}, {"steps": 2}
ORDERS = {"rests, then learns": (ONE, BOTH), "learns, then rests": (BOTH, ONE)}


@pytest.fixture(autouse=True)
def compiler() -> Iterator[None]:
    torch.compiler.reset()
    # Graphs are gone through twice where both players learn from the same views.
    with torch._functorch.config.patch(donated_buffer=False):
        yield
    torch.compiler.reset()


def graphs() -> int:
    """How many were compiled since the last reset."""
    return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])


def played(
    recipe: Recipe, *, compiled: bool
) -> tuple[list[dict[str, float]], list[dict[str, Tensor]]]:
    """Losses of every step, and the weights at first and after each phase."""
    game = Player(recipe)
    losses, weights = [], [game.weights()]
    for phase in recipe.phases:
        torch._dynamo.utils.counters.clear()
        runner = game.enter(phase)
        for network in runner.cast.networks.values() if compiled else ():
            network.compile(backend="aot_eager", dynamic=False, fullgraph=True)
        losses += [game.step(seed) for seed in range(2)]
        weights.append(game.weights())
        assert (graphs() > 0) == compiled
    return losses, weights


def moved(before: dict[str, Tensor], after: dict[str, Tensor], names: list[str]) -> set[str]:
    return {name for name in names if not torch.equal(before[name], after[name])}


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # dynamo's
@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
@pytest.mark.parametrize("order", ORDERS)
def test_what_is_compiled_learns_as_if_it_were_not(tiny: Make, turns: str, order: str) -> None:
    first, second = ORDERS[order]
    recipe = tiny({"method.turns": turns}, first=first, second=second)
    losses, weights = played(recipe, compiled=False)
    ours, compiled = played(recipe, compiled=True)
    assert ours == losses
    for mine, theirs in zip(compiled, weights, strict=True):
        assert all(torch.equal(mine[name], tensor) for name, tensor in theirs.items())
    networks: Any = Player(recipe).assembly.networks
    named = {
        net: [f"{net}.{key}" for key, _ in networks[net].named_parameters()] for net in networks
    }
    for phase, (before, after) in enumerate(pairwise(compiled)):
        learns = {"discriminator"} if (first, second)[phase] is ONE else set(named)
        for network, names in named.items():
            assert moved(before, after, names) == (set(names) if network in learns else set())
