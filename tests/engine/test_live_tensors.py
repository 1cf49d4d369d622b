"""A step leaves nothing behind: what it has made is free when it ends, without the garbage
collector, which comes when it likes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import Tensor

from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.recipe.recipe import Recipe
from tests.test_mixing import CPU, TURNS, mixed, own, smallest


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """What was there before, a million things or more, is frozen: it is neither looked at nor
    listed.
    """
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def live() -> int:
    """Tensors made since that something holds, be it a circle that nobody can reach."""
    return sum(issubclass(type(thing), Tensor) for thing in gc.get_objects())


def after_steps(recipe: Recipe, micro_batches: int = 1) -> list[int]:
    """The tensors that live after each of some steps; the first two make what players remember."""
    runner = PhaseRunner(assemble(recipe), "main", CPU)
    runner.begin()
    data = recipe.data.open("train")
    plan, maps = Plan(len(data), 2, 0, 0), recipe.data.maps()
    feed = read_batches(data, plan, start=0, stop=1, workers=0, pin=False, maps=maps)
    [batch] = [read.maps for read in feed]
    counts = []
    for number in range(5):
        step(runner, [batch] * micro_batches, number)
        counts.append(live())
    return counts[2:]


def step(runner: PhaseRunner, batches: list[Mapping[str, Tensor]], number: int) -> None:
    assert runner.step(batches, number).numbers()


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("loss", own("loss"))
def test_no_loss_leaves_a_tensor(loss: str, turns: str) -> None:
    counts = after_steps(mixed("hinge", turns, losses={"tested": smallest("loss", loss)}))
    assert len(set(counts)) == 1, counts


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("how", ["pool", "accumulate", "recompute"])
def test_no_way_of_stepping_leaves_a_tensor(turns: str, how: str) -> None:
    recipe = mixed("hinge", turns, losses={"r1": {"use": "r1"}})
    if how == "pool":
        pooled = recipe.method.model_copy(update={"pool": 4})
        recipe = recipe.model_copy(update={"method": pooled})
    elif how == "recompute":
        engine = recipe.engine.model_copy(update={"recompute": ("generator", "discriminator")})
        recipe = recipe.model_copy(update={"engine": engine})
    counts = after_steps(recipe, micro_batches=2 if how == "accumulate" else 1)
    assert len(set(counts)) == 1, counts
    assert torch.is_grad_enabled()
