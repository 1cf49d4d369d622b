"""Entry points -> plugins. Each is loaded in its own try: a broken one is remembered with its
error and shown on demand, and never stops the program.
"""

from __future__ import annotations

import os
import re
import time
import traceback
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pluggy

from gan_zoo.components.hooks import GROUP
from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec
from gan_zoo.registry import hooks

PACKAGE = "gan-zoo"
ONLY = "GAN_ZOO_PLUGINS"  # environment: load only these guests, comma separated
NAME = re.compile(r"[A-Za-z0-9_-]+")  # of a plugin or a component: what `plugin/name` is made of
LEAST = re.compile(rf"{PACKAGE} *>= *([0-9]+(?:\.[0-9]+)*)")  # a requirement of the plainest kind
PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)*")


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
    left_out: bool = False  # as the user asked, so nobody need be told unless it is missed

    @property
    def builtin(self) -> bool:
        """Built-ins ship in our own wheel and own the bare names."""
        return self.package == PACKAGE

    def __str__(self) -> str:
        return f"{self.name} ({f'{self.package} {self.version}'.rstrip()})"


class _About(NamedTuple):
    """What a package's metadata says."""

    package: str
    version: str
    requires: tuple[str, ...] = ()


UNKNOWN = _About("unknown package", "")


def load_installed() -> list[Plugin]:
    """Load every installed plugin, the built-in ones first.

    GAN_ZOO_PLUGINS=a,b in the environment loads only these guests, and an empty one none: to find
    the one that disturbs. The built-in components are always there.
    """
    only = os.environ.get(ONLY)
    wanted = None if only is None else {name.strip() for name in only.split(",")}
    entries = metadata.entry_points(group=GROUP)
    # Equal types share an object, which is the first one's: `a | b` of ours, not a guest's `b | a`.
    ordered = sorted(entries, key=lambda entry: _told(entry).package != PACKAGE)
    found = [load_entry_point(entry, wanted) for entry in ordered]
    return sorted(found, key=lambda plugin: (not plugin.builtin, plugin.name, plugin.package))


def load_entry_point(entry: metadata.EntryPoint, wanted: Container[str] | None = None) -> Plugin:
    """Load one entry point; whatever it raises becomes the plugin's error.

    Args:
        entry: Of the group `gan_zoo`.
        wanted: The guests to load; all if None.
    """
    about = _told(entry)
    found = Plugin(entry.name, about.package, about.version)
    if wanted is not None and entry.name not in wanted and not found.builtin:
        told = f"left out by {ONLY}={os.environ.get(ONLY, '')}"
        return replace(found, error=told, left_out=True)
    start = time.perf_counter()
    try:
        if refusal := _refusal(found, about.requires):
            return replace(found, error=refusal)
        components, recipes = _call(entry.name, entry.load())
    except (Exception, SystemExit) as problem:  # a guest may raise anything; it is shown, not lost
        return replace(found, error=f"{type(problem).__name__}: {problem}{_place(problem, entry)}")
    seconds = time.perf_counter() - start
    return replace(found, components=components, recipes=recipes, seconds=seconds)


def _place(problem: BaseException, entry: metadata.EntryPoint) -> str:
    """Where in the plugin it was raised; nothing where it was outside."""
    package = entry.module.partition(".")[0]
    frames = [
        frame
        for frame in traceback.extract_tb(problem.__traceback__)
        if package in Path(frame.filename).parts or Path(frame.filename).stem == package
    ]
    if not frames:
        return ""
    parts = Path(frames[-1].filename).parts
    inside = parts[parts.index(package) :] if package in parts else parts[-1:]
    return f" ({'/'.join(inside)}:{frames[-1].lineno})"


def _call(name: str, module: ModuleType) -> tuple[tuple[type[Spec], ...], tuple[Path, ...]]:
    """Ask one module alone, so that the answer's origin is known."""
    manager = _manager()
    try:
        manager.register(module, name)
        manager.check_pending()  # a misspelt hook is an error, not silence
        components = tuple(_items("gan_zoo_components", manager.hook.gan_zoo_components()))
        folders = _items("gan_zoo_recipes", manager.hook.gan_zoo_recipes())
    finally:
        manager.unregister(name=name)
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


@cache
def _manager() -> pluggy.PluginManager:
    """One for all plugins, which it holds one at a time."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hooks)
    return manager


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


def _told(entry: metadata.EntryPoint) -> _About:
    return UNKNOWN if entry.dist is None else _about(entry.dist)


@cache  # every entry point of a package asks for the same, which is slow to parse
def _about(dist: metadata.Distribution) -> _About:
    try:
        text = dist.read_text("METADATA")
    except ValueError:  # not UTF-8, which is no reason to stop: nobody knows what it is called
        return UNKNOWN
    head = None if text is None else text.partition("\n\n")[0]  # below it is the long description
    told = dist.metadata if head is None else HeaderParser().parsestr(head)
    if not told["Name"]:
        return UNKNOWN
    requires = told.get_all("Requires-Dist") or dist.requires or ()
    name = str(told["Name"]).lower().replace("_", "-")
    return _About(name, told["Version"] or "", tuple(map(str, requires)))


def _refusal(plugin: Plugin, requires: Iterable[str]) -> str:
    """Why a guest cannot be loaded at all: its name, or another gan-zoo that it asks for."""
    if not NAME.fullmatch(plugin.name):
        return f"'{plugin.name}' cannot be a plugin's name; it needs letters, digits, _ and -"
    if plugin.builtin:
        return ""
    have = _core_version()
    for line in requires:
        if line.lower().startswith("gan") and (asked := _unmet(line, have)):
            return f"it asks for {asked}, and this is {have}: pip install '{asked}'"
    return ""


@cache
def _core_version() -> str:
    return metadata.version(PACKAGE)


def _unmet(line: str, have: str) -> str:
    """What a requirement asks of this package and does not get; empty if nothing."""
    least = LEAST.fullmatch(line)
    if least and PLAIN.fullmatch(have) and _numbers(least[1]) <= _numbers(have):
        return ""  # what nearly all ask for; packaging takes as long to import as ten plugins
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    asked = Requirement(line)
    holds = asked.marker is None or asked.marker.evaluate({"extra": ""})
    if canonicalize_name(asked.name) != PACKAGE or not holds:
        return ""
    if asked.specifier.contains(have, prereleases=True):
        return ""
    return f"{PACKAGE}{asked.specifier}"


def _numbers(version: str) -> tuple[int, ...]:
    """Numbers that compare as versions do: 1.0 is 1."""
    numbers = [*map(int, version.split("."))]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
