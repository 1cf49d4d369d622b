"""Entry points -> plugins. Each is loaded in its own try: a broken one is remembered with its
error and shown on demand, and never stops the program.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from gan_zoo import hooks
from gan_zoo.specs import KINDS, Spec

PACKAGE = "gan-zoo"
ONLY = "GAN_ZOO_PLUGINS"  # environment: load only these guests, comma separated
NAME = re.compile(r"[A-Za-z0-9_-]+")  # of a plugin or a component: what `plugin/name` is made of


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
        return f"{self.name} ({f'{self.package} {self.version}'.rstrip()})"


def installed() -> list[Plugin]:
    """Load every installed plugin, the built-in ones first.

    GAN_ZOO_PLUGINS=a,b in the environment loads only these guests, and an empty one none: to find
    the one that disturbs. The built-in components are always there.
    """
    only = os.environ.get(ONLY)
    wanted = None if only is None else {name.strip() for name in only.split(",")}
    found = [load(entry, wanted) for entry in metadata.entry_points(group=hooks.GROUP)]
    return sorted(found, key=lambda plugin: (not plugin.builtin, plugin.name, plugin.package))


def load(entry: metadata.EntryPoint, wanted: Container[str] | None = None) -> Plugin:
    """Load one entry point; whatever it raises becomes the plugin's error.

    Args:
        entry: Of the group `gan_zoo`.
        wanted: The guests to load; all if None.
    """
    package, version = _package(entry)
    found = Plugin(entry.name, package, version)
    if wanted is not None and entry.name not in wanted and not found.builtin:
        return replace(found, error=f"left out by {ONLY}={os.environ.get(ONLY, '')}")
    start = time.perf_counter()
    try:
        if refusal := _refusal(entry, found):
            return replace(found, error=refusal)
        components, recipes = _call(entry.name, entry.load())
    except (Exception, SystemExit) as problem:  # a guest may raise anything; it is shown, not lost
        return replace(found, error=f"{type(problem).__name__}: {problem}")
    seconds = time.perf_counter() - start
    return replace(found, components=components, recipes=recipes, seconds=seconds)


def _call(name: str, module: ModuleType) -> tuple[tuple[type[Spec], ...], tuple[Path, ...]]:
    """Ask one module through a plugin manager of its own, so that the answer's origin is known."""
    manager = pluggy.PluginManager(hooks.GROUP)
    manager.add_hookspecs(hooks)
    manager.register(module, name)
    manager.check_pending()  # a misspelt hook is an error, not silence
    components = tuple(_items("gan_zoo_components", manager.hook.gan_zoo_components()))
    folders = _items("gan_zoo_recipes", manager.hook.gan_zoo_recipes())
    if not components and not folders:
        raise TypeError(f"{getattr(module, '__name__', module)} brings no component and no recipe")
    for index, spec in enumerate(components):
        _require_component(spec)
        if any((spec.kind, spec.name) == (s.kind, s.name) for s in components[:index]):
            raise TypeError(f"the {spec.kind} '{spec.name}' comes twice")
    for folder in folders:
        if not (isinstance(folder, str | Path) and Path(folder).is_dir()):
            raise TypeError(f"gan_zoo_recipes returned {folder!r}, which is not a folder")
    return components, tuple(map(Path, folders))


def _require_component(spec: Any) -> None:
    if not (isinstance(spec, type) and issubclass(spec, Spec)):
        raise TypeError(f"gan_zoo_components returned {spec!r}, which is not a spec class")
    if spec.kind not in KINDS or not NAME.fullmatch(spec.name):
        raise TypeError(
            f"{spec.__name__} needs a kind ({', '.join(KINDS)}) and a name of letters, digits, "
            "_ and -, as class MySpec(LossSpec, name='mine')"
        )


def _items(hook: str, answers: Iterable[Any]) -> list[Any]:
    """What a hook returned: a list of things, not one of them."""
    found: list[Any] = []
    for answer in answers:
        if isinstance(answer, str) or not isinstance(answer, Iterable):
            raise TypeError(f"{hook} returned {answer!r}, where a list is expected")
        found += answer
    return found


def _package(entry: metadata.EntryPoint) -> tuple[str, str]:
    dist = entry.dist
    name = None if dist is None else dist.metadata["Name"]
    if dist is None or not name:
        return "unknown package", ""
    return str(name).lower().replace("_", "-"), dist.metadata["Version"] or ""


def _refusal(entry: metadata.EntryPoint, plugin: Plugin) -> str:
    """Why a guest cannot be loaded at all: its name, or another gan-zoo that it asks for."""
    if not NAME.fullmatch(entry.name):
        return f"'{entry.name}' cannot be a plugin's name; it needs letters, digits, _ and -"
    if plugin.builtin or entry.dist is None:
        return ""
    asks = [line for line in entry.dist.requires or [] if line.lower().startswith("gan")]
    if not asks:
        return ""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    have = metadata.version(PACKAGE)
    for asked in map(Requirement, asks):
        holds = asked.marker is None or asked.marker.evaluate({"extra": ""})
        if canonicalize_name(asked.name) != PACKAGE or not holds:
            continue
        if not asked.specifier.contains(have, prereleases=True):
            wanted = f"{PACKAGE}{asked.specifier}"
            return f"it asks for {wanted}, and this is {have}: pip install '{wanted}'"
    return ""
