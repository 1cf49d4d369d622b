"""What is known of a folder, and a recipe that is changed for it step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gan_zoo.data_tools.drafting.base_recipes import Base
from gan_zoo.data_tools.drafting.size_rules import Sides
from gan_zoo.recipe.recipe import Recipe, change_source
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.validation import parse


@dataclass(frozen=True)
class Folder:
    """What was found of a folder.

    Args:
        name: The data component's, as recipes say it.
        options: Of the data, as a recipe says them.
        whys: Option -> its reason, where there is a better one than what it means.
        pairs: Split -> how many samples.
        sizes: All sizes (height, width) of the training pictures.
    """

    name: str
    options: Mapping[str, Any]
    whys: Mapping[str, str]
    pairs: Mapping[str, int]
    sizes: tuple[Sides, ...]


@dataclass(frozen=True)
class Draft:
    """Changes to a recipe that another one extends.

    Args:
        base: The recipe.
        changes: Dotted path -> value, in the order in which they are written.
        whys: Dotted path -> reason.
    """

    base: Base
    changes: Mapping[str, Any] = field(default_factory=dict)
    whys: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def source(self) -> Source:
        """The recipe with the changes."""
        return change_source(self.base.source, self.changes, self.base.zoo)

    @cached_property
    def recipe(self) -> Recipe:
        """The same, parsed.

        Raises:
            RecipeError: the recipe does not take the changes.
        """
        return parse(Recipe, self.source, self.base.zoo)

    def change(self, changes: Mapping[str, Any], why: str = "") -> Draft:
        """A draft with more changes.

        Args:
            changes: Dotted path -> value.
            why: The reason of all of them.
        """
        told = dict.fromkeys(changes, why) if why else {}
        return Draft(self.base, {**self.changes, **changes}, {**self.whys, **told})

    def explain(self, whys: Mapping[str, str]) -> Draft:
        """The same changes with other reasons, by dotted path."""
        return Draft(self.base, self.changes, {**self.whys, **whys})
