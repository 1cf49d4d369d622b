"""How many samples recipes learn from: asked once of each data, where steps and epochs meet."""

from __future__ import annotations

from collections.abc import Callable

from gan_zoo.checks.last_batch import steps_a_pass
from gan_zoo.components.at_hand import read_once
from gan_zoo.components.data import DataSpec
from gan_zoo.components.spec import Size
from gan_zoo.errors import UserError
from gan_zoo.recipe.model import LEARNED
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo


class Absent(UserError):
    """Data that is not at hand, and whose samples must be counted.

    Attributes:
        lines: What it lacks, each with its cure.
    """

    def __init__(self, lines: list[str]) -> None:
        self.lines = [f"data: {line}" for line in lines]
        super().__init__("\n".join(self.lines))


class Samples:
    """Counts the samples of data, each data once. Variants mostly share theirs."""

    def __init__(self) -> None:
        self._counted: list[tuple[DataSpec, Size | None, int]] = []

    def of(self, recipe: Recipe, zoo: Zoo) -> Callable[[str], int]:
        """What tells how many steps a pass over the data takes in a phase of a recipe.

        Raises, when it is asked:
            Absent: the data is not at hand.
            DataError: it is not what the recipe says.
        """

        def count_steps(name: str) -> int:
            here = recipe.in_phase(name, zoo)
            return steps_a_pass(here, self._count(here.data, here.phases[name].size))

        return count_steps

    def _count(self, data: DataSpec, size: Size | None) -> int:
        for spec, at, count in self._counted:
            if spec == data and at == size:
                return count
        if lines := data.missing():
            raise Absent(lines)
        with read_once():
            found = len(data.open(LEARNED, size))
        self._counted.append((data, size, found))
        return found
