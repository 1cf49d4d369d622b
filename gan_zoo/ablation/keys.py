"""Keys: what can change the numbers of a run, as 16 digits. Runs of one key come to the same, and
are trained once. No torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.components.at_hand import remembered
from gan_zoo.components.spec import Spec
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs.data_identity import identify_data, identify_samples

if TYPE_CHECKING:
    from gan_zoo.ablation.file import Score

DIGITS = 16

# What a recipe may say of it cannot change a number, and why.
UNCOUNTED = {
    "data.root": "which samples there are counts, not where they lie",
    "data.workers": "order and pixels are the same for any number",
    "data.cache": "what is kept is what would be read",
    "data.cache_size": "likewise",
    "engine.device": "its class counts by itself",
    "engine.read_late": "losses are read, whenever",
    "engine.log_every": "lines of the log",
    "engine.checkpoint_every": "a run that goes on comes to the same",
}
# Mappings whose order is heard: channels, sums and stretches of training come in it.
ORDERED = ("conditions", "losses", "phases")


def key_of(
    wired: WiredRecipe,
    seed: int,
    *,
    data: str,
    device: str,
    threads: int | None,
    score: Score,
) -> str:
    """The key of a run.

    Args:
        wired: Its recipe, with the budget in it and paths made absolute.
        seed: Takes the place of the recipe's.
        data: The `fingerprint` of its data.
        device: cpu, cuda or mps.
        threads: Of the run; they count on a CPU, where sums are shared out among them.
        score: How it is scored.
    """
    metrics = {
        name: {**spec.model_dump(mode="json"), "version": spec.version}
        for name, spec in score.metrics.items()
    }
    seeded = wired.recipe.model_copy(update={"seed": seed})
    told = {
        "recipe": counted(WiredRecipe(seeded, wired.zoo)),
        "data": data,
        "score": {"split": score.split, "weights": score.weights, "metrics": by_content(metrics)},
        "version": metadata.version("gan-zoo").split(".")[0],
        "plugins": versions(wired, score.metrics.values()),
        "device": device,
        "threads": threads if device == "cpu" else None,
    }
    return digest(told)[:DIGITS]


def counted(wired: WiredRecipe) -> dict[str, Any]:
    """A recipe less what cannot change numbers: of a phase that sets something, all that holds in
    it. Files that components name count by their content.
    """
    tree = _counted(wired.recipe.dump(wired.zoo))
    tree["order"] = {section: [*tree[section]] for section in ORDERED}
    for name, phase in wired.recipe.phases.items():
        if phase.set:
            inside = _counted(wired.phase(name).recipe.dump(wired.zoo))
            del inside["phases"]
            tree["phases"][name]["set"] = inside
    return tree


def fingerprint(wired: WiredRecipe, split: str) -> str:
    """The samples that a run learns from, looks at and is scored on, as a digest: their names, and
    the sizes of their files in bytes. Data that cannot tell them counts by what the recipe says.

    Args:
        wired: The recipe.
        split: The one that is scored.

    Raises:
        DataError: the data is not what the recipe says.
    """
    phases = [wired.phase(name) for name in wired.recipe.phases]
    read = [(one.recipe.data, one.phase.size) for one in phases]
    about = (*wired.recipe.phases, *read, *wired.recipe.splits(), split)
    return remembered(f"fingerprint of {about}", lambda: _fingerprint(wired, split))


def _fingerprint(wired: WiredRecipe, split: str) -> str:
    last = wired.phase([*wired.recipe.phases][-1])
    scored = identify_samples(last.recipe.data.open(split, last.phase.size))
    told = {**identify_data(wired), "scored": scored}
    if any("names" not in kept for kept in (*told["splits"], scored)):
        told["data"] = wired.recipe.data.model_dump(mode="json", context={"zoo": wired.zoo})
    return digest(told)


def versions(wired: WiredRecipe, others: Iterable[Spec] = ()) -> dict[str, str]:
    """Package -> version of the guests whose components a recipe names.

    Args:
        wired: The recipe.
        others: More components.
    """
    zoo = wired.zoo or Zoo.installed()
    recipes = [wired.recipe, *(wired.phase(name).recipe for name in wired.recipe.phases)]
    specs = [*others, *(spec for recipe in recipes for spec in recipe.components().values())]
    used = {zoo.owner(type(spec)) for spec in specs}
    return {plugin.package: plugin.version for plugin in used if plugin and not plugin.builtin}


def by_content(value: Any) -> Any:
    """Plain data, in which the absolute path of a file gives way to what the file holds."""
    if isinstance(value, Mapping):
        return {key: by_content(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [by_content(inner) for inner in value]
    if not isinstance(value, str) or not (path := Path(value)).is_absolute() or not path.is_file():
        return value
    told = path.stat()
    return {"sha256": _content(path, told.st_size, told.st_mtime_ns)}


def digest(told: Any) -> str:
    """Of plain data, whatever the order of its keys."""
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _content(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _counted(tree: dict[str, Any]) -> dict[str, Any]:
    for path in UNCOUNTED:
        section, option = path.split(".")
        tree[section].pop(option, None)
    return {name: part if name == "data" else by_content(part) for name, part in tree.items()}
