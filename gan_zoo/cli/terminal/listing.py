"""Components, recipes and plugins with where they come from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gan_zoo.cli.terminal.text import print_rows, require_kind, summary
from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec
from gan_zoo.recipe import text
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo

Shipped = Mapping[str, list[tuple[Path, Plugin]]]
RECIPES, ABLATIONS = "recipes", "ablations"


def print_list(zoo: Zoo, kind: str | None = None, as_json: bool = False) -> None:
    """Components by kind, recipes and ablations.

    Raises:
        UserError: no such kind.
    """
    shipped = {RECIPES: (zoo.recipes, _first_comment), ABLATIONS: (zoo.ablations, _question)}
    every = [*KINDS, *shipped]
    if kind is not None:
        require_kind(kind, every)
    chosen = every if kind is None else [kind]
    found = {k: _files(*shipped[k]) if k in shipped else _components(zoo, k) for k in chosen}
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for number, (one, entries) in enumerate(found.items()):
        print(f"\n{one}" if number else one)
        print_rows([[entry["name"], _about(entry)] for entry in entries])
    if broken := [plugin for plugin in zoo.plugins if plugin.error and not plugin.left_out]:
        names = ", ".join(map(str, broken))
        print(f"\nNot loaded: {names}; `gan-zoo plugins` says why")


def shipped_ablations(zoo: Zoo) -> list[dict[str, Any]]:
    """Every shipped ablation by `name`, with what it asks, `about`."""
    return _files(zoo.ablations, _question)


def _components(zoo: Zoo, kind: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "about": summary(claims[0].spec.__doc__ or ""),
            "claims": [_origin(claim.plugin) for claim in claims],
        }
        for name, claims in zoo.claims(kind).items()
    ]


def _files(shipped: Callable[[], Shipped], about: Callable[[Path], str]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "about": about(claims[0][0]),
            "claims": [_origin(plugin) for _, plugin in claims],
            "file": str(claims[0][0]),
        }
        for name, claims in sorted(shipped().items(), key=lambda item: ("/" in item[0], item))
    ]


def _origin(plugin: Plugin) -> dict[str, Any]:
    return {
        "plugin": plugin.name,
        "package": plugin.package,
        "version": plugin.version,
        "builtin": plugin.builtin,
    }


def _about(entry: Mapping[str, Any]) -> str:
    """The first line of a component's docstring; a guest with its package, rivals with both."""
    packages = [f"{claim['package']} {claim['version']}" for claim in entry["claims"]]
    if len(packages) > 1:
        return f"claimed by {' and '.join(packages)}: no recipe can use it"
    about = str(entry["about"])
    return about if entry["claims"][0]["builtin"] else f"{about} [{packages[0]}]".lstrip()


def _first_comment(recipe: Path) -> str:
    """The first sentence of the comment on top of a recipe, or all of it."""
    words: list[str] = []
    for line in recipe.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        words.append(line[2:].strip())
        if line.endswith("."):
            break
    return " ".join(words)


def _question(ablation: Path) -> str:
    """What an ablation asks; empty where its file does not say, or cannot be read."""
    try:
        root, _ = text.read(ablation.read_text(encoding="utf-8"), str(ablation))
    except RecipeError:
        return ""
    about = root.child("about")
    return str(about.value) if about else ""


def print_plugins(zoo: Zoo, as_json: bool = False) -> None:
    """The installed plugins: what each brings, what its import costs, or why it did not load."""
    if as_json:
        print(json.dumps([_plugin(zoo, plugin) for plugin in zoo.plugins], indent=2))
        return
    rows = [["plugin", "package", "version", "ms", "components"]]
    for plugin in zoo.plugins:
        brought = [_component(zoo, spec) for spec in plugin.components]
        brought += ["recipes"] if plugin.recipes else []
        cost = "-" if plugin.error else f"{1000 * plugin.seconds:.0f}"
        told = f"not loaded: {plugin.error}" if plugin.error else ", ".join(brought)
        rows.append([plugin.name, plugin.package, plugin.version, cost, told])
    print_rows(rows, right=(3,))


def _plugin(zoo: Zoo, plugin: Plugin) -> dict[str, Any]:
    return {
        **_origin(plugin),
        "components": [_component(zoo, spec) for spec in plugin.components],
        "recipes": [str(folder) for folder in plugin.recipes],
        "milliseconds": round(1000 * plugin.seconds, 1),
        "error": plugin.error or None,
    }


def _component(zoo: Zoo, spec: type[Spec]) -> str:
    return f"{spec.kind} {zoo.name_of(spec)}"
