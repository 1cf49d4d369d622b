"""A new plugin on disk: is its name good, and is its place free?"""

from __future__ import annotations

import re
from pathlib import Path

from gan_zoo.components.kinds import KINDS
from gan_zoo.errors import UserError, near_misses
from gan_zoo.registry.plugins import PACKAGE
from gan_zoo.registry.zoo import Zoo
from gan_zoo.scaffold import templates

NAME = re.compile(r"(?!gan_zoo)[a-z]([a-z0-9_]*[a-z0-9])?")


def write(name: str, kind: str, zoo: Zoo, parent: Path = Path()) -> Path:
    """Write the package gan-zoo-NAME with a component of a kind; returns its folder.

    Args:
        name: Of the plugin; a lower-case Python identifier.
        kind: One that has a template.
        zoo: Whose plugins' names are taken.
        parent: Where.

    Raises:
        UserError: the name or the kind is none, or taken, or the folder is there.
        OSError: it cannot be written.
    """
    _refuse_kind(kind)
    _refuse_name(name, zoo)
    folder = parent / f"{PACKAGE}-{name}"
    if folder.exists():
        raise UserError(f"{folder} is there already; take another name, or move it away")
    for place, content in templates.package(name, kind).items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def _refuse_kind(kind: str) -> None:
    if kind in templates.KINDS:
        return
    told = f"--kind {kind}: "
    if near := near_misses(kind, templates.KINDS):
        raise UserError(f"{told}there is no such kind; did you mean {near[0]}?")
    there = ", ".join(templates.KINDS)
    if kind in KINDS:
        raise UserError(f"{told}there is no template for one; take one of {there}, and write it")
    raise UserError(f"{told}there is no such kind; there are {there}")


def _refuse_name(name: str, zoo: Zoo) -> None:
    """What can neither be imported as gan_zoo_NAME nor be told from others."""
    bare = name.lower().replace("-", "_").removeprefix("gan_zoo_")
    meant = re.sub(r"\W+", "_", bare, flags=re.ASCII).strip("_")
    if not NAME.fullmatch(name):
        cure = f"; did you mean {meant}?" if NAME.fullmatch(meant) else ", as smooth_edges"
        raise UserError(
            f"'{name}' cannot be a plugin's name: gan_zoo_NAME must be a Python module, so "
            f"lower-case letters, digits and _ are expected, a letter first{cure}"
        )
    singular = {*KINDS, *(f"{kind}s" for kind in KINDS)}
    if name in singular:
        raise UserError(
            f"'{name}' is what recipes call a kind, so nobody could tell what {name}/... is; name "
            "the plugin after what it does, as smooth_edges"
        )
    if taken := [plugin for plugin in zoo.plugins if plugin.name == name]:
        raise UserError(
            f"'{name}' is the name of an installed plugin, {taken[0]}; take another, since two of "
            "one name cannot be used together"
        )
