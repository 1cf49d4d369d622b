"""Packages to start from: one a kind, each a small component that is worth having, with its recipe
and its tests. They lie here as they will be written: a file's path is its path in the package with
`.txt` behind it, and NAME stands for the plugin's name. What `every` holds belongs to all kinds.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
SUFFIX = ".txt"  # so that nothing takes a template for a module
KINDS = (
    *("generator", "discriminator", "loss", "condition", "data", "method", "metric", "callback"),
)
SPEC = re.compile(r'^class (\w+)\(\w+, name="(\w+)"\):\n    """(.+?)(?:"""|\n\n)', re.M | re.S)


class Component(NamedTuple):
    """What a template brings.

    Args:
        spec: Its class.
        name: Its name behind the plugin's.
        about: What it is.
    """

    spec: str
    name: str
    about: str


def component(kind: str) -> Component:
    """What the template of a kind brings, as its menu says."""
    text = (HERE / kind / "gan_zoo_NAME" / f"specs.py{SUFFIX}").read_text(encoding="utf-8")
    found = SPEC.search(text)
    assert found is not None
    spec, name, about = found.groups()
    return Component(spec, name, " ".join(about.split()))


def package(name: str, kind: str) -> dict[str, bytes]:
    """Path -> content of every file of a new plugin.

    Args:
        name: The plugin's; a Python identifier.
        kind: One of KINDS.
    """
    brings = component(kind)
    core = ".".join(metadata.version("gan-zoo").split(".")[:2])
    words = {"NAME": name, "KIND": kind, "COMPONENT": brings.name, "SPEC": brings.spec}
    words |= {"ABOUT": brings.about, "CORE": core}
    found = {}
    for folder in (HERE / "every", HERE / kind):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            place = path.relative_to(folder).as_posix().replace("NAME", name)
            if path.suffix == SUFFIX:
                text = path.read_text(encoding="utf-8")
                for word in words if folder.name == "every" else ("NAME",):
                    text = text.replace(word, words[word])
                found[place.removesuffix(SUFFIX)] = text.encode()
            else:
                found[place] = path.read_bytes()
    return found
