"""What a tracker is told of a run at its start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from gan_zoo.components import Run


@dataclass(frozen=True)
class About:
    """A run at its start, or where it goes on.

    Args:
        folder: Its folder, absolute.
        step: Steps done.
        recipe: The resolved recipe as YAML; empty where the folder holds none.
        kept_id: What the checkpoint remembers of the backend; None if nothing.
    """

    folder: Path
    step: int
    recipe: str
    kept_id: str | None = None

    @classmethod
    def of(cls, run: Run, *, kept_id: str | None) -> About:
        """What stands in the run's folder."""
        path = run.folder / "recipe.yaml"
        recipe = path.read_text(encoding="utf-8") if path.is_file() else ""
        return cls(run.folder.resolve(), run.position.step, recipe, kept_id)

    @property
    def name(self) -> str:
        """What the run is called; one that goes on says from where."""
        return f"{self.folder.name} from {self.step}" if self.step else self.folder.name

    @property
    def config(self) -> dict[str, Any]:
        """The recipe as nested mappings."""
        return yaml.safe_load(self.recipe) or {}

    @property
    def options(self) -> dict[str, str]:
        """The recipe's values by dotted path."""
        return dict(_flat(self.config))


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}.")
        else:
            yield path, str(value)
