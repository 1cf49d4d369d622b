"""Packages to start from: one a kind, each a small component that is worth having, with a recipe
that uses it (an executor: an ablation) and its tests. They lie here as they will be written: a
file's path is its path in the package with `.txt` behind it, and NAME stands for the plugin's name.
What `every` holds belongs to all kinds.
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
    "executor",
)
SPEC = re.compile(r'^class (\w+)\(\w+, name="(\w+)"\):\n    """(.+?)(?:"""|\n\n)', re.M | re.S)

AN_ABLATION = {
    "uses": "an ablation",
    "example": "recipes/ablations/example.yaml",
    "trial": "gan-zoo ablate NAME/example --list",
}


class Component(NamedTuple):
    """What a template brings.

    Args:
        spec: Its class.
        name: Its name behind the plugin's.
        about: What it is.
        uses: What of a plugin uses it: a recipe, or an ablation.
        example: Where that lies in the package.
        trial: The command that tries it.
    """

    spec: str
    name: str
    about: str
    uses: str = "a recipe"
    example: str = "recipes/example.yaml"
    trial: str = "gan-zoo run NAME/example --steps 20"

    def tried(self, name: str) -> str:
        """The command that tries it, of a plugin of that name."""
        return self.trial.replace("NAME", name)


def component(kind: str) -> Component:
    """What the template of a kind brings, as its menu says."""
    text = (HERE / kind / "gan_zoo_NAME" / f"specs.py{SUFFIX}").read_text(encoding="utf-8")
    found = SPEC.search(text)
    assert found is not None
    spec, name, about = found.groups()
    found_in = AN_ABLATION if kind == "executor" else {}
    return Component(spec, name, " ".join(about.split()), **found_in)


def package(name: str, kind: str) -> dict[str, bytes]:
    """Path -> content of every file of a new plugin.

    Args:
        name: The plugin's; a Python identifier.
        kind: One of KINDS.
    """
    brings = component(kind)
    core = ".".join(metadata.version("gan-zoo").split(".")[:2])
    words = {"NAME": name, "KIND": kind, "COMPONENT": brings.name, "SPEC": brings.spec}
    words |= {"ABOUT": brings.about, "CORE": core, "TRIAL": brings.tried(name)}
    words |= {"EXAMPLE": brings.example, "USES": brings.uses}
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
