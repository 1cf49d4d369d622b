"""What networks will see: samples as the run's own loader draws them, and what conditions make of
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gan_zoo.checks.contracts import contracts
from gan_zoo.components.shapes import Image
from gan_zoo.components.sheets import make_sheet
from gan_zoo.data_tools.drawing import draw_map
from gan_zoo.engine.loader import Batch, Draw, Plan, read_batches
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.received import Received
from gan_zoo.errors import DataError
from gan_zoo.recipe.model import LEARNED
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.wired import WiredPhase

if TYPE_CHECKING:
    from PIL import Image as PIL


@dataclass(frozen=True)
class Seen:
    """One sample as it goes in.

    Args:
        name: The sample's.
        passed: In which pass over the data, from 0.
        maps: As they were read: pictures of 8 bits or in [-1, 1], ids; `C H W`.
        conditions: What networks are shown, `C H W`.
    """

    name: str
    passed: int
    maps: dict[str, Tensor]
    conditions: dict[str, Tensor]


@dataclass(frozen=True)
class Preview:
    """What training sees first.

    Args:
        phase: Whose size and options hold.
        shapes: The maps.
        colors: Map -> what its channels are, as the data's `values` say.
        seen: Sample by sample, every draw of it.
        left_out: Conditions that cannot be shown before they have learned.
    """

    phase: str
    shapes: dict[str, Image]
    colors: Mapping[str, str]
    seen: list[Seen]
    left_out: list[str]

    def draw(self) -> PIL.Image:
        """A row a sample and draw: its maps, then the conditions."""
        rows, lines = [], []
        for one in self.seen:
            row = {
                name: draw_map(one.maps[name], ids=image.ids, colors=self.colors[name])
                for name, image in self.shapes.items()
            }
            row |= {f"> {name}": _drawn(made) for name, made in one.conditions.items()}
            rows.append(row)
            lines.append(f"{one.name}, pass {one.passed + 1}")
        return make_sheet(rows, lines)


@dataclass(frozen=True)
class _Chosen(Plan):
    """The plan of a run, of which some draws are read, one by one."""

    chosen: tuple[Draw, ...] = ()

    def draws(self, start: int, stop: int) -> Iterator[list[Draw]]:
        """The chosen ones; pixels follow from the draw, whenever it is read."""
        return iter([[draw] for draw in self.chosen[start:stop]])


def preview(
    recipe: Recipe, source: Source | None = None, *, count: int = 4, draws: int = 3
) -> Preview:
    """The first samples of the first phase as its steps see them, and again in later passes.

    Args:
        recipe: What would be trained.
        source: Where its values came from, for messages.
        count: Samples, in the order in which training reads them.
        draws: Passes over the data in which each is shown.

    Raises:
        RecipeError: a contract of the recipe is broken.
        DataError: the data is not at hand, or a sample cannot be read; names the file.
    """
    wired = contracts(recipe, source)
    phase = wired.phase(next(iter(recipe.phases)))
    data, size = phase.recipe.data, phase.phase.size
    if absent := data.missing():
        raise DataError("\n".join(absent))
    dataset, shapes = data.open(LEARNED, size), data.maps(size)
    plan = Plan.of(phase.recipe, len(dataset))
    steps = -(-count // (plan.batch * plan.accumulate))
    first = [draw for batch in plan.draws(0, min(steps, plan.steps_a_pass)) for draw in batch]
    chosen = tuple((n, index) for _, index in first[:count] for n in range(draws))
    modules, left_out = _conditions(phase)
    seen = []
    batches = read_batches(
        dataset,
        _Chosen(**vars(plan), chosen=chosen),
        start=0,
        stop=len(chosen),
        workers=0,
        pin=False,
        maps=shapes,
    )
    for (passed, _), batch in zip(chosen, batches, strict=True):
        shown = _shown(batch, modules)
        maps = {name: batch.maps[name][0] for name in shapes}
        seen.append(Seen(batch.names[0], passed, maps, shown))
    colors = {name: data.values(name).colors for name in shapes}
    return Preview(phase.name, dict(shapes), colors, seen, left_out)


def _conditions(phase: WiredPhase) -> tuple[dict[str, nn.Module], list[str]]:
    maps = phase.wiring.maps
    specs = phase.recipe.conditions.items()
    shown = {name: spec for name, spec in specs if not spec.learns() and not spec.by_chance}
    return {name: spec.build(maps) for name, spec in shown.items()}, [
        name for name, _ in specs if name not in shown
    ]


def _shown(batch: Batch, modules: dict[str, nn.Module]) -> dict[str, Tensor]:
    precision = Precision.of(device="cpu", precision="float32", memory_format="contiguous")
    maps = Received(batch.maps, precision)
    with torch.no_grad():
        return {name: module(maps)[0] for name, module in modules.items()}


def _drawn(made: Tensor) -> PIL.Image:
    """What a condition makes, `C H W`: one of several channels that exclude each other as ids,
    where none holds as one more; others as pictures, between 0 and 1 if none is below.
    """
    several = len(made) not in (1, 3)
    if several and bool(((made == 0) | (made == 1)).all()):
        ids = torch.where(made.any(0), made.argmax(0), len(made))
        return draw_map(ids[None], ids=True)
    return draw_map(made * 2 - 1 if made.min() >= 0 else made, ids=False)
