"""A run folder as a page sees it: everything read once, nothing executed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError
from gan_zoo.registry.zoo import Zoo
from gan_zoo.report.history import History, read_history
from gan_zoo.report.previews import Gallery, read_galleries
from gan_zoo.report.scores import Scored, read_scores
from gan_zoo.report.world import Told, read_json, read_origins, read_recipe, read_told
from gan_zoo.runs.folder import RunFolder


@dataclass(frozen=True)
class RunView:
    """What is known of a run.

    Args:
        path: Its folder.
        name: What a page calls it.
        recipe: Dotted path -> value, as JSON.
        origins: Dotted path -> the place where the value came from.
        history: Its log.
        scores: Those of its files and of its log.
        galleries: Its previews, a callback each.
        told: What it said.
        environment: environment.json.
        plugins: plugins.json.
    """

    path: Path
    name: str
    recipe: Mapping[str, str]
    origins: Mapping[str, str]
    history: History
    scores: Sequence[Scored]
    galleries: Sequence[Gallery]
    told: Told
    environment: Mapping[str, Any]
    plugins: Sequence[Mapping[str, Any]]

    def value(self, path: str) -> str:
        """A value of the recipe in plain words; empty where it says nothing."""
        told = json.loads(self.recipe.get(path, '""'))
        return told if isinstance(told, str) else json.dumps(told)

    def uses(self, section: str) -> dict[str, str]:
        """Name -> component, of a section that names several, as losses."""
        found = {}
        for path in self.recipe:
            head, _, rest = path.partition(".")
            name, _, word = rest.partition(".")
            if head == section and word == "use":
                found[name] = self.value(path)
        return found

    @property
    def steps(self) -> int:
        """The last step that anything is known of."""
        shown = max((gallery.steps[-1] for gallery in self.galleries), default=0)
        return max(self.history.last_step, shown)


def read_run(path: Path) -> RunView:
    """Read a run.

    Raises:
        UserError: it is no run; says what is there.
    """
    RunFolder.open(path)  # refuses what is none
    history, recipe = read_history(path / "log.jsonl"), read_recipe(path / "recipe.yaml")
    environment, plugins = (read_json(path / f"{n}.json") for n in ("environment", "plugins"))
    return RunView(
        path=path,
        name=path.resolve().name,
        recipe=recipe,
        origins=read_origins(path / "origins.txt"),
        history=history,
        scores=read_scores(path, history, _lower(recipe)),
        galleries=read_galleries(path / "previews"),
        told=read_told(path / "log.txt"),
        environment=environment if isinstance(environment, Mapping) else {},
        plugins=[p for p in plugins if isinstance(p, Mapping)] if isinstance(plugins, list) else [],
    )


def read_runs(paths: Sequence[Path]) -> list[RunView]:
    """Read several, whose names tell them apart.

    Raises:
        UserError: one is no run, or is named twice.
    """
    places = [path.resolve() for path in paths]
    for path, place in zip(paths, places, strict=True):
        if places.count(place) > 1:
            raise UserError(f"{path} is named twice; name each run once")
    runs = [read_run(path) for path in paths]
    names = [run.name for run in runs]
    return [replace(run, name=str(run.path)) if names.count(run.name) > 1 else run for run in runs]


def _lower(recipe: Mapping[str, str]) -> dict[str, bool]:
    """Metric of the validation -> whether lower is better, where its component is installed."""
    found = {}
    for path, value in recipe.items():
        if path.startswith("validation.metrics.") and path.endswith(".use"):
            name = path.removeprefix("validation.metrics.").removesuffix(".use")
            try:
                spec: Any = Zoo.installed().get("metric", json.loads(value))
            except UserError:
                continue
            found[name] = bool(spec.lower_is_better)
    return found
