"""What a recipe that was read off files holds: what they told, and what is assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gan_zoo.components.foreign import Reading
from gan_zoo.importer.channels import set_value, value_at
from gan_zoo.importer.cures import as_typed
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source

SHOWN = ("data", "conditions", "inference")  # sections by which pictures are made, told in full
TRAINED = ("method", "losses", "optimizers", "phases")  # those by which training goes on


@dataclass(frozen=True)
class Assumptions:
    """A recipe, and where its values came from.

    Args:
        recipe: As it was made.
        source: Its values as they were written, with their places.
        readings: What each file said, by the place of its network in the recipe.
        files: Their names, by the same.
        others: Further components that know the same tensors, by the same.
        counted: Option of the data -> why it has its number.
    """

    recipe: Recipe
    source: Source
    readings: Mapping[str, Reading]
    files: Mapping[str, str]
    others: Mapping[str, Sequence[str]]
    counted: Mapping[str, str]

    def lines(self) -> list[str]:
        """What to tell: each assumption as it would be typed after --set."""
        return [
            f"Recipe {self.source.name}, with what the files tell:",
            *(f"  {line}" for line in self._told()),
            "Assumed, since no tensor tells it; --set KEY=VALUE changes each:",
            *(f"  {line}" for line in self._assumed()),
            "Assumed for `resume`, in the same way:",
            *(f"  {line}" for line in self._trained()),
        ]

    def _told(self) -> Iterator[str]:
        dump = self.recipe.dump()
        for key, reading in self.readings.items():
            named: dict[str, Any] = {}
            for option in ("use", *reading.options):
                set_value(named, option, value_at(dump, f"{key}.{option}"))
            yield f"{key}={as_typed(named)}  # {self.files[key]}"
            for path, value in reading.beside.items():
                if value is None and value_at(self.source.tree, path) is None:
                    yield f"{path}=null  # {self.files[key]}"

    def _assumed(self) -> Iterator[str]:
        dump = self.recipe.dump()
        for key, reading in self.readings.items():
            if others := self.others.get(key):
                use = value_at(dump, f"{key}.use")
                yield f"{key}.use={use}  # {' or '.join(others)} has such tensors, too"
            for option, why in reading.assumed.items():
                path = f"{key}.{option}"
                if not self._typed(path):
                    yield f"{path}={as_typed(value_at(dump, path))}  # {why}"
        for option, why in self.counted.items():
            if not self._typed(f"data.{option}"):
                yield f"data.{option}={as_typed(value_at(dump, f'data.{option}'))}  # {why}"
        for section in SHOWN:
            for path, value in self._written(section, whole=section == "conditions"):
                yield f"{path}={as_typed(value)}"
        for path, value in self._written("method", whole=False):
            if path in self.recipe.per_translation:
                yield f"{path}={as_typed(value)}"

    def _trained(self) -> Iterator[str]:
        for section in TRAINED:
            for path, value in self._written(section, whole=section != "method"):
                if path not in self.recipe.per_translation:
                    yield f"{path}={as_typed(value)}"

    def _written(self, section: str, *, whole: bool) -> Iterator[tuple[str, Any]]:
        """What the shipped recipe says in a section, by path: each entry whole, or its values."""
        follow = {f"data.{option}" for option in self.recipe.data.counting_options().values()}
        for key, value in (value_at(self.source.tree, section) or {}).items():
            path = f"{section}.{key}"
            if path in self.readings or path in follow or self._said(path):
                continue
            yield path, value if whole else value_at(self.recipe.dump(), path)

    def _said(self, path: str) -> bool:
        """Whether a file, the channels or a change said it, and no shipped recipe."""
        place = self.source.root.place_of(tuple(path.split(".")))
        return place is None or place.line is None

    def _typed(self, path: str) -> bool:
        place = self.source.root.place_of(tuple(path.split(".")))
        return place is not None and place.typed
