"""A recipe with its shapes: what its method makes of it, derived once at the top level and once a
phase. Contracts, rehearsal, assembly and engine read the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gan_zoo.components.learning import Parts, Wiring
from gan_zoo.components.spec import Size
from gan_zoo.recipe.model import Phase
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo


@dataclass(eq=False)
class WiredPhase:
    """A recipe as it is in one of its phases.

    Args:
        name: The phase's.
        recipe: With the phase's `set` applied.
    """

    name: str
    recipe: Recipe

    @property
    def phase(self) -> Phase:
        """What the recipe says of the phase."""
        return self.recipe.phases[self.name]

    @cached_property
    def parts(self) -> Parts:
        """What the method and the losses may read, at the phase's size."""
        return self.recipe.parts().at(self.phase.size)

    @cached_property
    def wiring(self) -> Wiring:
        """What the method makes of it, at the phase's size.

        Raises:
            ContractError: says the cure.
        """
        return self.recipe.method.wire(self.parts)

    def wiring_at(self, size: Size) -> Wiring:
        """The same for samples of another size.

        Raises:
            ContractError: says the cure.
        """
        if all(image.size == size for image in self.wiring.maps.values()):
            return self.wiring
        return self.recipe.method.wire(self.parts.at(size))


class WiredRecipe:
    """A recipe, what its method makes of it, and the same in each of its phases.

    Args:
        recipe: The recipe.
        zoo: The components that its phases may name; the installed ones if absent.

    Attributes:
        judged: Whether its contracts hold.
    """

    def __init__(self, recipe: Recipe, zoo: Zoo | None = None) -> None:
        self.recipe = recipe
        self.zoo = zoo
        self.judged = False
        self._phases: dict[str, WiredPhase] = {}

    @classmethod
    def of(cls, recipe: Recipe | WiredRecipe) -> WiredRecipe:
        """A recipe that is wired already, or will be when its shapes are first asked for."""
        return recipe if isinstance(recipe, WiredRecipe) else cls(recipe)

    @cached_property
    def wiring(self) -> Wiring:
        """At the top level, of which the networks are built.

        Raises:
            ContractError: says the cure.
        """
        return self.recipe.method.wire(self.recipe.parts())

    def phase(self, name: str) -> WiredPhase:
        """The recipe as it is in a phase."""
        if name not in self._phases:
            self._phases[name] = WiredPhase(name, self.recipe.in_phase(name, self.zoo))
        return self._phases[name]

    def with_absolute_paths(self) -> WiredRecipe:
        """The same from any working directory. Paths say nothing of shapes, so nothing is wired
        again.
        """
        moved = WiredRecipe(self.recipe.with_absolute_paths(self.zoo), self.zoo)
        if self.judged:
            moved.judged, moved.wiring = True, self.wiring
            for name in self.recipe.phases:
                moved.phase(name).wiring = self.phase(name).wiring
        return moved
