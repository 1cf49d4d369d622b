"""Entry points -> plugins. Each is loaded in its own try: a broken one is remembered with its
error and shown on demand, and never stops the program.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from gan_zoo import hooks
from gan_zoo.specs import KINDS, Spec

PACKAGE = "gan-zoo"
ONLY = "GAN_ZOO_PLUGINS"  # environment: load only these guests, comma separated


@dataclass(frozen=True)
class Plugin:
    """One entry point: where it comes from, what it brought, or why it did not load."""

    name: str
    package: str
    version: str
    components: tuple[type[Spec], ...] = ()
    recipes: tuple[Path, ...] = ()
    seconds: float = 0.0
    error: str = ""

    @property
    def builtin(self) -> bool:
        """Built-ins ship in our own wheel and own the bare names."""
        return self.package == PACKAGE

    def __str__(self) -> str:
        return f"{self.name} ({self.package} {self.version})"


def installed() -> list[Plugin]:
    """Load every installed plugin, the built-in ones first; GAN_ZOO_PLUGINS=a,b picks guests."""
    only = os.environ.get(ONLY)
    wanted = None if only is None else {name.strip() for name in only.split(",")}
    found = [
        load(entry)
        for entry in metadata.entry_points(group=hooks.GROUP)
        if wanted is None or entry.name in wanted or _package(entry)[0] == PACKAGE
    ]
    return sorted(found, key=lambda plugin: (not plugin.builtin, plugin.name, plugin.package))


def load(entry: metadata.EntryPoint) -> Plugin:
    """Load one entry point; whatever it raises becomes the plugin's error."""
    package, version = _package(entry)
    start = time.perf_counter()
    try:
        if refusal := _asks_for_newer(entry):
            return Plugin(entry.name, package, version, error=refusal)
        components, recipes = _call(entry.name, entry.load())
    except (Exception, SystemExit) as problem:  # a guest may raise anything; it is shown, not lost
        error = f"{type(problem).__name__}: {problem}"
        return Plugin(entry.name, package, version, error=error)
    seconds = time.perf_counter() - start
    return Plugin(entry.name, package, version, components, recipes, seconds)


def _call(name: str, module: ModuleType) -> tuple[tuple[type[Spec], ...], tuple[Path, ...]]:
    """Ask one module through a plugin manager of its own, so that the answer's origin is known."""
    manager = pluggy.PluginManager(hooks.GROUP)
    manager.add_hookspecs(hooks)
    manager.register(module, name)
    manager.check_pending()  # a misspelt hook is an error, not silence
    components = tuple(_flat(manager.hook.gan_zoo_components()))
    recipes = tuple(Path(folder) for folder in _flat(manager.hook.gan_zoo_recipes()))
    if not components and not recipes:
        raise TypeError(f"module {module.__name__} brings no component and no recipe")
    for spec in components:
        if not (isinstance(spec, type) and issubclass(spec, Spec) and spec.name):
            raise TypeError(f"{spec!r} is not a named spec of one of {', '.join(KINDS)}")
    return components, recipes


def _flat(answers: Iterable[Iterable[Any]]) -> Iterable[Any]:
    return (item for answer in answers for item in answer)


def _package(entry: metadata.EntryPoint) -> tuple[str, str]:
    if entry.dist is None:
        return "unknown package", ""
    return entry.dist.name.lower().replace("_", "-"), entry.dist.version


def _asks_for_newer(entry: metadata.EntryPoint) -> str:
    """Why a guest's requirement on gan-zoo is not met; empty where it is."""
    if entry.dist is None or _package(entry)[0] == PACKAGE:
        return ""
    asks = [line for line in entry.dist.requires or [] if line.lower().startswith("gan")]
    if not asks:
        return ""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    have = metadata.version(PACKAGE)
    for requirement in map(Requirement, asks):
        if canonicalize_name(requirement.name) != PACKAGE:
            continue
        if not requirement.specifier.contains(have, prereleases=True):
            return (
                f"asks for {PACKAGE} {requirement.specifier}, this is {have}: "
                f"pip install '{PACKAGE}{requirement.specifier}'"
            )
    return ""
