"""Where every value of a resolved recipe came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gan_zoo.recipe.problems import Keys, Place
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source


def describe_origins(recipe: Recipe, source: Source | None) -> str:
    """Every value of the resolved recipe with the place that it came from."""
    written = {} if source is None else source.tree
    silent = "python" if source is None else "default"
    lines = []
    for keys, value in _leaves(recipe.dump()):
        place: Place | str | None = silent
        if source is not None and _holds(written, keys):
            place = source.place(keys)
        lines.append(f"{'.'.join(map(str, keys))}: {json.dumps(value)}  # {place}\n")
    return "".join(lines)


def _leaves(tree: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Every value that is no mapping, with its path; a list is one value."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from _leaves(value, (*keys, key))
    else:
        yield keys, tree


def _holds(tree: Any, keys: Keys) -> bool:
    for key in keys:
        if not isinstance(tree, dict) or key not in tree:
            return False
        tree = tree[key]
    return True
