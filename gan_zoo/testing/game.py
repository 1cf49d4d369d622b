"""What tests of components play with: a phase made ready, steps of it, a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.runs import checkpoint
from gan_zoo.testing.fixtures import batch_of


def phase(recipe: Recipe, name: str | None = None, *, precision: str = "float64") -> PhaseRunner:
    """A phase of a recipe, built and made ready on the CPU. It has `networks` by name, `players`,
    `losses` and `method`, and takes a `step` on micro-batches of named maps.

    Args:
        recipe: What is played.
        name: The phase's; the first one if absent.
        precision: In which numbers.
    """
    numbers = Precision.of(device="cpu", precision=precision)
    runner = PhaseRunner(assemble(recipe), name or next(iter(recipe.phases)), numbers)
    runner.begin()
    return runner


def step(
    recipe: Recipe, batches: Sequence[Mapping[str, Tensor]] | None = None, **how: Any
) -> dict[str, float]:
    """The terms of a first step, by label.

    Args:
        recipe: What is played.
        batches: Micro-batches; one of the first samples of its training data if absent.
        how: As of `phase`.
    """
    runner = phase(recipe, **how)
    if batches is None:
        batches = [batch_of(runner.recipe.data, runner.recipe.data.batch, runner.phase.size)]
    return runner.step(batches).numbers()


def playing(runner: PhaseRunner) -> Mapping[str, nn.Module]:
    """The networks of a phase as they play in it: of some only a part."""
    return runner.cast.networks


def picture_of(runner: PhaseRunner, maps: Mapping[str, Tensor]) -> Tensor:
    """What a phase's method makes of the maps of a batch: the picture `B D H W`."""
    made: Tensor = runner.method.scene(runner.cast, runner.precision.receive(dict(maps)))[
        runner.method.output
    ]
    return made


def saved_state(run: str | Path) -> dict[str, Any]:
    """What the last checkpoint of a run's folder holds: nested mappings of tensors and numbers."""
    return checkpoint.load(checkpoint.saved(Path(run) / "state")[0])[1]
