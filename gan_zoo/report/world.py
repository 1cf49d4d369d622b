"""Recipe and surroundings of a run: what it was made of, where, and what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError
from gan_zoo.recipe import text
from gan_zoo.recipe.problems import RecipeError

TIME = "%Y-%m-%d %H:%M:%S"
PROGRESS = re.compile(r"^  \S+ \d+/\d+  |^  about |^  epoch \d+: ")  # told again by curves


@dataclass
class Told:
    """log.txt by what it says.

    Args:
        starts: When the run began, and every resume.
        seconds: From the first line of each of these to its last one, added up.
        lines: What was said, without progress.
        end: The line that says how it ended; empty while it trains, or if it was cut.
    """

    starts: list[str] = field(default_factory=list)
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)
    end: str = ""

    @property
    def resumes(self) -> int:
        """How often it was taken up again."""
        return max(0, len(self.starts) - 1)


def read_told(path: Path) -> Told:
    """Read log.txt; an absent one says nothing."""
    told = Told()
    if not path.is_file():
        return told
    first = last = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        stamp, said = line[:19], line[20:]
        try:
            now = datetime.strptime(stamp, TIME)
        except ValueError:  # the rest of a message of several lines
            told.lines.append(line)
            continue
        if said.startswith("Resuming ") or not told.starts:
            told.starts.append(stamp)
            told.seconds += (last - first).total_seconds() if first and last else 0.0
            first, told.end = now, ""
        last = now
        if said.startswith(("Done after ", "Ended at ")):
            told.end = said
        if not PROGRESS.match(said):
            told.lines.append(line)
    told.seconds += (last - first).total_seconds() if first and last else 0.0
    return told


def read_json(path: Path) -> Any:
    """A JSON file; an empty mapping where it is absent or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def read_recipe(path: Path) -> dict[str, str]:
    """Every value of recipe.yaml by its dotted path, as JSON.

    Raises:
        UserError: it is no YAML.
    """
    try:
        tree, _ = text.read(path.read_text(encoding="utf-8"), str(path))
    except RecipeError as problem:
        raise UserError(str(problem)) from None
    return {key: json.dumps(value, ensure_ascii=False) for key, value in _leaves(tree.plain())}


def read_origins(path: Path) -> dict[str, str]:
    """Dotted path -> the place where its value came from, of origins.txt."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        key, _, rest = line.partition(": ")
        try:
            _, end = json.JSONDecoder().raw_decode(rest)
        except ValueError:
            continue
        found[key] = rest[end:].removeprefix("  # ")
    return found


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, tree
