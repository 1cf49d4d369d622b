"""The zoo: kind -> name -> spec, who owns a name, and near misses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from gan_zoo.errors import UserError
from gan_zoo.plugins import PACKAGE, Plugin, installed
from gan_zoo.recipe.mistakes import said
from gan_zoo.specs import KINDS, Spec


@dataclass(frozen=True)
class Claim:
    """A plugin's claim on a name."""

    name: str
    spec: type[Spec]
    plugin: Plugin


class Zoo:
    """All components at hand. Made from plugins, changed by nothing; tests make their own.

    Built-ins own bare names, a guest's component is `plugin/name`.
    """

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self.plugins = tuple(plugins)
        self._claims: dict[str, dict[str, list[Claim]]] = {kind: {} for kind in KINDS}
        self._names: dict[type[Spec], str] = {}
        for plugin in self.plugins:
            for spec in plugin.components:
                name = spec.name if plugin.builtin else f"{plugin.name}/{spec.name}"
                self._claims[spec.kind].setdefault(name, []).append(Claim(name, spec, plugin))
                self._names[spec] = name

    @staticmethod
    @cache
    def installed() -> Zoo:
        """The zoo of this environment, loaded once."""
        return Zoo(installed())

    def claims(self, kind: str) -> Mapping[str, list[Claim]]:
        """Every name of a kind in alphabetical order, built-ins first, with who claims it."""
        found = self._claims[kind]
        return {name: found[name] for name in sorted(found, key=lambda name: ("/" in name, name))}

    def name_of(self, spec: type[Spec]) -> str:
        """The name by which a recipe calls a spec."""
        return self._names.get(spec, spec.name)

    def owner(self, spec: type[Spec]) -> Plugin | None:
        """The plugin that brought a spec."""
        found = self._claims[spec.kind].get(self.name_of(spec), [])
        return next((claim.plugin for claim in found if claim.spec is spec), None)

    def get(self, kind: str, name: str) -> type[Spec]:
        """The spec of that name.

        Raises:
            UserError: unknown, claimed twice, or of a plugin that is absent or did not load.
        """
        claims = self._claims[kind].get(name, [])
        if rivals := self._rivals(name, claims):
            both = " and ".join(map(str, rivals))
            raise UserError(f"{kind} '{name}' is claimed by {both}; uninstall one of them")
        if not claims:
            raise UserError(self._unknown(kind, name))
        return claims[0].spec

    def recipes(self) -> dict[str, list[tuple[Path, Plugin]]]:
        """Shipped recipes by name; a guest's is `plugin/name`."""
        found: dict[str, list[tuple[Path, Plugin]]] = {}
        for plugin in self.plugins:
            for folder in plugin.recipes:
                for path in sorted(folder.rglob("*.yaml")):
                    stem = path.relative_to(folder).with_suffix("").as_posix()
                    name = stem if plugin.builtin else f"{plugin.name}/{stem}"
                    found.setdefault(name, []).append((path, plugin))
        return found

    def absence(self, name: str) -> str:
        """Why nothing of a guest is there, by a name `plugin/...`; empty where it loaded, or where
        the name is bare.
        """
        plugin, slash, _ = name.partition("/")
        if not slash:
            return ""
        there = [found for found in self.plugins if found.name == plugin]
        if not there:
            return f"its plugin is not installed: pip install {PACKAGE}-{plugin}"
        broken = [found for found in there if found.error]
        return f"its plugin {broken[0]} did not load: {broken[0].error}" if broken else ""

    def _rivals(self, name: str, claims: Sequence[Claim]) -> list[Plugin]:
        """The plugins between which a name is open: of one name themselves, or both claim it."""
        plugin, slash, _ = name.rpartition("/")
        same = [p for p in self.plugins if slash and not p.builtin and p.name == plugin]
        if len(same) < 2:
            same = [claim.plugin for claim in claims]
        return same if len(same) > 1 else []

    def _unknown(self, kind: str, name: str) -> str:
        told = f"unknown {kind} '{name}'"
        if absent := self.absence(name):
            return f"{told}; {absent}"
        known = list(self.claims(kind))
        if near := _namesakes(name.rpartition("/")[2], known) or near_misses(name, known):
            return f"{told}; did you mean {' or '.join(near)}?"
        if elsewhere := [other for other in KINDS if name in self._claims.get(other, {})]:
            told += f", which is a {elsewhere[0]}"
        broken = [p for p in self.plugins if p.error and not p.left_out]
        failed = "".join(f"; {p} did not load: {p.error}" for p in broken)
        return f"{told}; there are {', '.join(known) or 'none'}{failed}"


def _namesakes(bare: str, known: Iterable[str]) -> list[str]:
    """The guests' components that bear a name behind their plugin's."""
    return [name for name in known if name.rpartition("/")[2] == bare]


def near_misses(name: str, known: Iterable[str]) -> list[str]:
    """The names that were probably meant: the best, and another that is about as good."""
    likeness = {other: difflib.SequenceMatcher(None, other, name).ratio() for other in known}
    least = max(0.6, max(likeness.values(), default=0) - 0.1)
    near = [other for other, like in likeness.items() if like >= least]
    return sorted(near, key=lambda other: -likeness[other])[:2]


def resolve(kind: type[Spec], value: Any, context: Mapping[str, Any] | None) -> Spec:
    """A field of a kind: a spec as it is, or `{use: NAME, option: value, ...}` looked up.

    The kind may be an unnamed class between a kind and its specs; the field then takes only those.

    Raises:
        ValueError: pydantic's own, with the places of all mistakes.
    """
    if isinstance(value, kind):
        return value
    zoo: Zoo = (context or {}).get("zoo") or Zoo.installed()
    names = [
        name for name, claims in zoo.claims(kind.kind).items() if issubclass(claims[0].spec, kind)
    ]
    if not isinstance(value, Mapping):
        near = near_misses(value, names) if isinstance(value, str) else []
        hint = f"; did you mean {{use: {near[0]}}}?" if near else ""
        raise _refused("component", f"{said(value)} came, but {{use: NAME, ...}} is expected{hint}")
    name = value.get("use")
    if name is None:
        meant = [item for item in value.values() if isinstance(item, str) and item in names]
        hint = f"did you mean use: {meant[0]}?" if meant else f"name one of {', '.join(names)}"
        raise _refused("component_use", f"`use` is missing; {hint}")
    if not isinstance(name, str):
        told = f"{said(name)} came, but one of {', '.join(names)} is expected"
        raise _refused("component_unknown", told)
    try:
        spec = zoo.get(kind.kind, name)
    except UserError as problem:
        raise _refused("component_unknown", str(problem)) from None
    if not issubclass(spec, kind):
        told = f"{name} cannot stand here; name one of {', '.join(names)}"
        raise _refused("component_unknown", told)
    options = {key: given for key, given in value.items() if key != "use"}
    return spec.model_validate(options, context=dict(context or {}))


def _refused(problem: str, told: str) -> PydanticCustomError:
    return PydanticCustomError(problem, "{told}", {"told": told})  # braces in it stay as they are
