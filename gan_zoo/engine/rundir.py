"""A run on disk. Everything is written under a temporary name, synced and renamed, so that a
file is whole or not there. Opening a run executes nothing of it: YAML, JSON and safetensors.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from gan_zoo.errors import UserError
from gan_zoo.recipe.model import Recipe
from gan_zoo.recipe.report import RecipeError, parse
from gan_zoo.recipe.source import Source, read
from gan_zoo.zoo import Zoo

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "weights"


def write(path: Path, content: bytes | str) -> None:
    """Write a file so that at any moment the old or the new content is there."""
    temporary = path.with_name(f".{path.name}.tmp")
    data = content.encode() if isinstance(content, str) else content
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def free_name(parent: Path, name: str) -> Path:
    """`parent/name-N` with the first free N."""
    taken = [
        int(match[1])
        for folder in (parent.iterdir() if parent.is_dir() else ())
        if (match := re.fullmatch(rf"{re.escape(name)}-(\d+)", folder.name))
    ]
    return parent / f"{name}-{max(taken, default=0) + 1}"


class RunDir:
    """The folder of a run.

    Args:
        path: An existing run; `create` makes a new one.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, path: Path, recipe: Recipe, source: Source | None, steps: int | None) -> RunDir:
        """Make the folder of a new run.

        Raises:
            UserError: the folder exists, or cannot be written.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UserError(f"{path} exists; to go on with it: gan-zoo resume {path}")
        try:
            path.mkdir(parents=True, exist_ok=True)
            run = cls(path)
            write(path / "recipe.yaml", yaml.safe_dump(recipe.dump(), sort_keys=False))
            write(path / "origins.txt", origins(recipe, source))
            write(path / "plugins.json", _json(_plugins(recipe)))
            write(path / "environment.json", _json(_environment()))
            write(path / "run.json", _json({"format": 1, "steps": steps}))
        except OSError as problem:
            raise UserError(f"{path} cannot be written: {problem.strerror or problem}") from None
        return run

    @classmethod
    def open(cls, path: str | Path) -> RunDir:
        """An existing run.

        Raises:
            UserError: there is none; says what is there.
        """
        run = cls(path)
        if not (run.path / "recipe.yaml").is_file():
            what = "no such folder" if not run.path.exists() else "it holds no recipe.yaml"
            raise UserError(f"{path} is not a run: {what}")
        return run

    def recipe(self, zoo: Zoo | None = None) -> Recipe:
        """The resolved recipe that the run was made of."""
        try:
            return parse(Recipe, read(self.path / "recipe.yaml", zoo=zoo), zoo)
        except RecipeError as error:
            told = self._missing_plugins()
            raise UserError(f"{error}{told}") from None

    def settings(self) -> dict[str, Any]:
        """How the run was started."""
        settings: dict[str, Any] = json.loads((self.path / "run.json").read_text())
        return settings

    @property
    def log(self) -> Path:
        """One JSON object a line."""
        return self.path / "log.jsonl"

    @property
    def previews(self) -> Path:
        """Fixed samples over time."""
        return self.path / "previews"

    @property
    def state(self) -> Path:
        """What resume needs."""
        return self.path / "state"

    def save_weights(
        self, name: str, networks: Mapping[str, Mapping[str, Tensor]], about: Mapping[str, Any]
    ) -> None:
        """Write weights/NAME: a file a network, and what is known `about` them."""
        from safetensors.torch import save

        folder = self.path / WEIGHTS / name
        folder.mkdir(parents=True, exist_ok=True)
        for network, tensors in networks.items():
            write(folder / f"{network}.safetensors", save(dict(tensors)))
        write(folder / "about.json", _json(dict(about)))

    def weights_phase(self, name: str) -> str:
        """The phase in which weights were kept: it says which part plays.

        Raises:
            UserError: the run keeps no such weights.
        """
        file = self.path / WEIGHTS / name / "about.json"
        if not file.is_file():
            raise UserError(f"{file.parent} is not there: {self._kept()}")
        return str(json.loads(file.read_text())["phase"])

    def load_weights(self, name: str, network: str) -> dict[str, Tensor]:
        """The tensors of one network.

        Raises:
            UserError: absent or damaged; names the file.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = self.path / WEIGHTS / name / f"{network}.safetensors"
        if not file.is_file():
            raise UserError(f"{file} is not there: {self._kept()}")
        try:
            return load_file(file)
        except SafetensorError as problem:
            raise UserError(f"{file} is damaged ({problem}); take other weights") from None

    def _kept(self) -> str:
        folder = self.path / WEIGHTS
        kept = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        if kept:
            return f"the run keeps weights {', '.join(kept)}"
        return "the run keeps no weights yet; it writes them with its first checkpoint"

    def _missing_plugins(self) -> str:
        file = self.path / "plugins.json"
        if not file.is_file():
            return ""
        used = json.loads(file.read_text())
        lines = [f"{p['package']} {p['version']}" for p in used if p["package"] != "gan-zoo"]
        return f"\nThe run was made with {', '.join(lines)}" if lines else ""


def origins(recipe: Recipe, source: Source | None) -> str:
    """Every value of the resolved recipe with the place that it came from."""
    lines = []
    for keys, value in _leaves(recipe.dump()):
        place = None if source is None else source.places.get(keys)
        if place is None and source is not None:
            above = [source.places.get(keys[:n]) for n in range(len(keys) - 1, 0, -1)]
            written = source.tree
            for key in keys:
                written = written.get(key) if isinstance(written, dict) else None  # type: ignore[assignment]
            place = next((p for p in above if p), None) if written is not None else None
        where = "default" if source is not None else "python"
        lines.append(f"{'.'.join(map(str, keys))}: {json.dumps(value)}  # {place or where}\n")
    return "".join(lines)


def _leaves(tree: Any, keys: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(tree, dict) and tree:
        return [leaf for key, value in tree.items() for leaf in _leaves(value, (*keys, key))]
    return [(keys, tree)]


def _plugins(recipe: Recipe) -> list[dict[str, str]]:
    zoo = Zoo.installed()
    used = {zoo.owner(type(spec)) for spec in recipe.components().values()}
    named = sorted({(p.name, p.package, p.version) for p in used if p})
    return [{"plugin": n, "package": p, "version": v} for n, p, v in named]


def _environment() -> dict[str, Any]:
    versions = {}
    for package in ("gan-zoo", "torch", "torchvision", "numpy", "pillow", "pydantic"):
        versions[package] = metadata.version(package)
    return {
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": versions,
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
