"""Print pip constraints that hold every dependency at the lower bound that the projects name.

    python tools/lowest.py pyproject.toml plugins/gan-zoo-*/pyproject.toml > constraints.txt

Names that a project installs from this repository are left out, as they have no release to hold to.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

BOUND = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?>=([0-9][0-9.]*)")


def asked(project: dict[str, object]) -> Iterator[str]:
    """What a project asks for, its extras' included."""
    yield from project.get("dependencies", [])  # type: ignore[misc]
    for extra in project.get("optional-dependencies", {}).values():  # type: ignore[union-attr]
        yield from extra


def main(files: list[str]) -> None:
    """The constraints of these pyproject.toml together, the highest bound of each name."""
    projects = [tomllib.loads(Path(file).read_text())["project"] for file in files]
    ours = {project["name"] for project in projects}
    lowest: dict[str, tuple[int, ...]] = {}
    for said in (said for project in projects for said in asked(project)):
        found = BOUND.match(said)
        if found is None:
            raise SystemExit(f"{said}: a dependency is named with a lower bound, as numpy>=1.26")
        name, bound = found[1], tuple(int(part) for part in found[2].split("."))
        if name not in ours:
            lowest[name] = max(bound, lowest.get(name, ()))
    for name, bound in sorted(lowest.items()):
        print(f"{name}=={'.'.join(map(str, bound))}")


if __name__ == "__main__":
    main(sys.argv[1:])
