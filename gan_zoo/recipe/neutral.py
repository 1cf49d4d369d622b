"""What a machine puts into a recipe and is nobody else's business: paths, with names in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Any

ABSOLUTE = re.compile(
    r"(?!hf://)(/|~|\\\\|[A-Za-z]:[\\/]|file:|[A-Za-z][\w+.-]*://|[\w.@-]+:[/~])", re.IGNORECASE
)


def shorten_paths(tree: Any, moved: dict[str, str], path: str = "") -> Any:
    """A tree of values in which every path that is of one machine is its last name alone.

    Args:
        tree: Mappings, lists and plain values.
        moved: Filled with dotted path -> what it is now.
        path: Of the tree.
    """
    if isinstance(tree, Mapping):
        inner = {k: shorten_paths(v, moved, f"{path}.{k}" if path else k) for k, v in tree.items()}
        return inner
    if isinstance(tree, list):
        return [shorten_paths(one, moved, f"{path}.{n}") for n, one in enumerate(tree)]
    if not isinstance(tree, str) or not _is_of_a_machine(tree):
        return tree
    moved[path] = PureWindowsPath(tree).name.rpartition(":")[2] or "data"
    return moved[path]


def _is_of_a_machine(value: str) -> bool:
    return bool(ABSOLUTE.match(value)) or ".." in PureWindowsPath(value).parts
