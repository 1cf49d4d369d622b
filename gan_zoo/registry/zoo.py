"""The zoo: kind -> name -> spec, and who owns a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec, use_names
from gan_zoo.errors import UserError, near_misses, quoted
from gan_zoo.registry.plugins import PACKAGE, Plugin, load_installed

ABLATIONS = "ablations"  # the folder among recipes


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
        return Zoo(load_installed())

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

    def resolve(self, kind: type[Spec], value: Any, context: Mapping[str, Any]) -> Spec:
        """The component that `{use: NAME, option: value, ...}` means.

        Args:
            kind: Of what; an unnamed class between a kind and its specs takes only those.
            value: As a recipe says it.
            context: Pydantic's, handed on to the components inside.

        Raises:
            ValueError: pydantic's own, with the places of all mistakes.
        """
        spec, options = self._looked_up(kind, value)
        return spec.model_validate(options, context={**context, "zoo": self})

    def _looked_up(self, kind: type[Spec], value: Any) -> tuple[type[Spec], dict[str, Any]]:
        names = [
            name
            for name, claims in self.claims(kind.kind).items()
            if issubclass(claims[0].spec, kind)
        ]
        if not isinstance(value, Mapping):
            near = near_misses(value, names) if isinstance(value, str) else []
            hint = f"; did you mean {{use: {near[0]}}}?" if near else ""
            told = f"{quoted(value)} came, but {{use: NAME, ...}} is expected{hint}"
            raise _refused("component", told)
        name = value.get("use")
        if name is None:
            meant = [item for item in value.values() if isinstance(item, str) and item in names]
            hint = f"did you mean use: {meant[0]}?" if meant else f"name one of {', '.join(names)}"
            raise _refused("component_use", f"`use` is missing; {hint}")
        if not isinstance(name, str):
            told = f"{quoted(name)} came, but one of {', '.join(names)} is expected"
            raise _refused("component_unknown", told)
        try:
            spec = self.get(kind.kind, name)
        except UserError as problem:
            raise _refused("component_unknown", str(problem)) from None
        if not issubclass(spec, kind):
            told = f"{name} cannot stand here; name one of {', '.join(names)}"
            raise _refused("component_unknown", told)
        return spec, {key: given for key, given in value.items() if key != "use"}

    def recipes(self) -> dict[str, list[tuple[Path, Plugin]]]:
        """Shipped recipes by name; a guest's is `plugin/name`."""
        return self._shipped(lambda inside: inside.parts[0] != ABLATIONS)

    def ablations(self) -> dict[str, list[tuple[Path, Plugin]]]:
        """Shipped ablations by name: what lies in the folder `ablations` among recipes."""
        found = self._shipped(lambda inside: inside.parts[0] == ABLATIONS)
        return {name.replace(f"{ABLATIONS}/", "", 1): claims for name, claims in found.items()}

    def _shipped(self, takes: Callable[[Path], bool]) -> dict[str, list[tuple[Path, Plugin]]]:
        """Files of the folders of recipes by name, those that are taken."""
        found: dict[str, list[tuple[Path, Plugin]]] = {}
        for plugin in self.plugins:
            for folder in plugin.recipes:
                for path in sorted(folder.rglob("*.yaml")):
                    inside = path.relative_to(folder).with_suffix("")
                    if takes(inside):
                        stem = inside.as_posix()
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
            told = "its plugin is not installed"
            plain = plugin.isascii() and plugin.replace("-", "").replace("_", "").isalnum()
            # Others may have written the recipe: nothing of theirs becomes options of a command.
            return f"{told}: pip install {PACKAGE}-{plugin}" if plain else told
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


def _refused(problem: str, told: str) -> PydanticCustomError:
    return PydanticCustomError(problem, "{told}", {"told": told})  # braces in it stay as they are


use_names(lambda: Zoo.installed())  # asked anew each time: a test may install another
