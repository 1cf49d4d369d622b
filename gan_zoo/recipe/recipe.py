"""The recipe: everything that one run is made of, checked and frozen; read from files, or written
in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, ValidationError

from gan_zoo.components.learning import Parts
from gan_zoo.components.paths import expand_user
from gan_zoo.components.spec import from_anywhere
from gan_zoo.errors import ContractError, UserError
from gan_zoo.recipe import source as written
from gan_zoo.recipe.model import RecipeFields
from gan_zoo.recipe.phase_words import PhaseWords, give_way, phase_words, speaks_of_parts
from gan_zoo.recipe.source import Changes, Source
from gan_zoo.recipe.tree import Node, patch
from gan_zoo.recipe.validation import parse
from gan_zoo.registry.zoo import Zoo


class Recipe(RecipeFields):
    """What one run is made of. `Recipe.load` reads a file; in Python, pass the specs."""

    model_config = ConfigDict(title="gan-zoo recipe")

    @classmethod
    def load(
        cls, recipe: str | Path, *, set: Mapping[str, Any] | None = None, zoo: Zoo | None = None
    ) -> Self:
        """Read a recipe file, or a shipped recipe by name.

        Args:
            recipe: Path or name.
            set: Changes by dotted path, as `{"generator.width": 32}`.
            zoo: The components that it may name; the installed ones if absent.

        Raises:
            RecipeError: every mistake at once, each with file, line, key and a hint.
        """
        return parse(cls, read_source(recipe, set=set, zoo=zoo), zoo)

    def dump(self, zoo: Zoo | None = None) -> dict[str, Any]:
        """Plain data with every default written out, as saved with a run."""
        return self.model_dump(mode="json", context={"zoo": zoo})

    def in_phase(self, name: str, zoo: Zoo | None = None) -> Recipe:
        """This recipe with the `set` of a phase applied."""
        if not (changes := self.phases[name].set):
            return self
        tree = Node.of(self.dump(zoo))
        for key, value in changes.items():
            tree = patch(tree, key, Node.of(value))
        return type(self).model_validate(tree.plain(), context={"zoo": zoo})

    def parts(self) -> Parts:
        """What methods and losses may read of it, at the size that the data has by itself."""
        return Parts(
            data=self.data,
            conditions=self.conditions,
            method=self.method,
            generator=self.generator,
            discriminator=self.discriminator,
            losses=self.losses,
            optimizers=self.optimizers,
            share_views=self.engine.share_views,
        )

    def with_data_in(self, root: Path, zoo: Zoo | None = None) -> Recipe:
        """The same recipe on data that has moved, in what phases set too.

        Raises:
            UserError: its data has no root that could be changed.
        """
        if "root" not in type(self.data).model_fields:
            raise UserError(f"--data {root}: {self.data.name} lies nowhere; leave it out")
        tree, moved = Node.of(self.dump(zoo)), str(expand_user(root).resolve())
        was = tree.plain()["data"]["root"]
        tree = patch(tree, "data.root", Node.of(moved))
        for name, phase in self.phases.items():
            for key, value in phase.set.items():
                if key == "data.root" and value == was:
                    tree = patch(tree, f"phases.{name}.set", Node.of({**phase.set, key: moved}))
        return type(self).model_validate(tree.plain(), context={"zoo": zoo})

    def with_absolute_paths(self, zoo: Zoo | None = None) -> Self:
        """The same recipe from any working directory: relative paths of all components made
        absolute, those of the data in what phases set too.
        """
        moved = {name: from_anywhere(value) for name, value in self}
        if self.validation is not None:
            held = from_anywhere(self.validation.metrics)
            if held != self.validation.metrics:
                moved["validation"] = self.validation.model_copy(update={"metrics": held})
        # What is only a default stays one.
        changes = {name: value for name, value in moved.items() if value != getattr(self, name)}
        phases = dict(self.phases)
        for name, phase in self.phases.items():
            if not any(key.split(".")[0] == "data" for key in phase.set):
                continue
            here, context = self.in_phase(name, zoo).data, {"zoo": zoo}
            was = {"data": here.model_dump(mode="json", context=context)}
            now = {
                "data": here.with_absolute_paths().model_dump(mode="json", context=context),
            }
            values = {
                key: _where_changed(value, _at(was, key), _at(now, key))
                for key, value in phase.set.items()
            }
            phases[name] = phase.model_copy(update={"set": values})
        if phases != self.phases:
            changes["phases"] = phases
        return self.model_copy(update=changes)


def read_source(
    recipe: str | Path, *, set: Mapping[str, Any] | None = None, zoo: Zoo | None = None
) -> Source:
    """A recipe as it is written, by path or name, with what it extends and with changes by dotted
    path.

    Mistakes that leave a tree to go on with are kept in the source; `parse` reports them together
    with those of the values.

    Raises:
        RecipeError: no such file, broken YAML, a circle of `extends`.
    """
    return change_source(written.read_files(recipe, zoo), set or {}, zoo)


def change_source(source: Source, set: Changes, zoo: Zoo | None = None) -> Source:
    """A recipe with changes by dotted path, to which what its phases say gives way."""
    set = list(set.items() if isinstance(set, Mapping) else set)
    new = written.patch_source(source, set, zoo)
    phases = new.root.child("phases")
    if not set or new.problems or phases is None or not speaks_of_parts(phases):
        return new
    was, now = _words(source.root, zoo), _words(new.root, zoo)
    if was is None or now is None:  # whatever is wrong is told by the checks
        return new
    root, notes = give_way(new.root, was, now)
    return replace(new, root=root, notes=(*new.notes, *notes))


def _words(tree: Node, zoo: Zoo | None) -> PhaseWords | None:
    try:
        recipe = Recipe.model_validate(tree.plain(), context={"zoo": zoo})
        return phase_words(recipe, recipe.method.wire(recipe.parts()))
    except (ValidationError, ContractError, KeyError):
        return None


def _at(tree: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


def _where_changed(value: Any, was: Any, now: Any) -> Any:
    """A value, in which what changed between two trees takes the new value."""
    if isinstance(value, Mapping):
        return {key: _where_changed(v, _at(was, key), _at(now, key)) for key, v in value.items()}
    return value if was == now else now
