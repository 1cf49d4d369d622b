"""The zoo: kind -> name -> spec, who owns a name, and near misses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from gan_zoo.errors import UserError
from gan_zoo.plugins import PACKAGE, Plugin, installed
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
        if len(claims) == 1:
            return claims[0].spec
        if claims:
            packages = " and ".join(str(claim.plugin) for claim in claims)
            raise UserError(f"{kind} '{name}' is claimed by {packages}; uninstall one of them")
        raise UserError(self._unknown(kind, name))

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

    def _unknown(self, kind: str, name: str) -> str:
        known = list(self.claims(kind))
        plugin, _, bare = name.rpartition("/")
        said = f"unknown {kind} '{name}'"
        broken = [p for p in self.plugins if p.error and (not plugin or p.name == plugin)]
        if broken:
            causes = "; ".join(f"{p}: {p.error}" for p in broken)
            said += f" (plugin not loaded: {causes})"
        elif plugin and not any(p.name == plugin for p in self.plugins):
            return f"{said}: its plugin is not installed; pip install {PACKAGE}-{plugin}"
        guests = [full for full in known if full.endswith(f"/{bare}")]
        if near := guests or near_misses(name, known):
            return f"{said}; did you mean {' or '.join(near)}?"
        return f"{said}; there are {', '.join(known)}"


def near_misses(name: str, known: Iterable[str]) -> list[str]:
    """The names that were probably meant, best first."""
    return difflib.get_close_matches(str(name), list(known), n=2, cutoff=0.6)


def resolve(kind: type[Spec], value: Any, context: Mapping[str, Any] | None) -> Spec:
    """A field of a kind: a spec as it is, or `{use: NAME, option: value, ...}` looked up.

    Raises:
        ValueError: pydantic's own, with the places of all mistakes.
    """
    if isinstance(value, kind):
        return value
    zoo: Zoo = (context or {}).get("zoo") or Zoo.installed()
    if not isinstance(value, Mapping):
        raise PydanticCustomError(
            "component",
            "a {kind} is expected as {{use: NAME, ...}}",
            {"kind": kind.kind},
        )
    if "use" not in value:
        raise PydanticCustomError(
            "component_use",
            "`use` is missing; name one of {names}",
            {"kind": kind.kind, "names": ", ".join(zoo.claims(kind.kind))},
        )
    try:
        spec = zoo.get(kind.kind, str(value["use"]))
    except UserError as problem:
        raise PydanticCustomError(
            "component_unknown", "{problem}", {"problem": str(problem)}
        ) from None
    options = {key: given for key, given in value.items() if key != "use"}
    return spec.model_validate(options, context=dict(context or {}))
