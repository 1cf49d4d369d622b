"""The tree of a recipe, in which every value knows its place, and the one way to change it.

`extends`, `--set`, a phase's `set` and an ablation all patch alike: mappings merge, a new `use`
replaces the component, null removes, lists replace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike, fspath
from typing import Any

from gan_zoo.recipe.problems import Keys, Place


@dataclass(frozen=True)
class Node:
    """A value and where it was written. Nothing changes it; a patch makes a new tree.

    Args:
        value: A plain value, or a dict or list of nodes.
        place: Of the value's key; None in Python.
    """

    value: Any
    place: Place | None = None

    @classmethod
    def of(cls, value: Any, place: Place | None = None) -> Node:
        """Plain values as a tree, all of one place."""
        if isinstance(value, Mapping):
            return cls({str(key): cls.of(item, place) for key, item in value.items()}, place)
        if isinstance(value, list | tuple):
            return cls([cls.of(item, place) for item in value], place)
        return cls(fspath(value) if isinstance(value, PathLike) else value, place)

    def plain(self) -> Any:
        """The values without their places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def child(self, key: str | int) -> Node | None:
        """What stands under a key, or at an index of a list."""
        if isinstance(self.value, dict):
            found: Node | None = self.value.get(key)
            return found
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            item: Node = self.value[key]
            return item
        return None

    def place_of(self, keys: Keys) -> Place | None:
        """Where a path was written, or the nearest key above it."""
        found, here = self.place, self
        for key in keys:
            below = here.child(key)
            if below is None:
                break
            here, found = below, below.place or found
        return found

    def places(self, keys: Keys = ()) -> Iterator[tuple[Keys, Place]]:
        """Every path with the place where it was written."""
        if self.place is not None:
            yield keys, self.place
        if isinstance(self.value, dict | list):
            pairs = self.value.items() if isinstance(self.value, dict) else enumerate(self.value)
            for key, node in pairs:
                yield from node.places((*keys, key))


def merge(base: Node, change: Node) -> Node:
    """Lay `change` over `base`.

    Null removes what is there. Where nothing is there null stays, for the recipe's check to judge:
    an option may be null, a loss that never was cannot be removed.
    """
    old, new = base.value, change.value
    if not isinstance(old, dict) or not isinstance(new, dict):
        return change
    if "use" in old and "use" in new and old["use"].value != new["use"].value:
        return replace(change, place=new["use"].place or change.place)
    merged = dict(old)
    for key, node in new.items():
        if key in old and node.value is None:
            del merged[key]
        else:
            merged[key] = merge(old[key], node) if key in old else node
    return Node(merged, change.place or base.place)


def patch(root: Node, key: str, value: Node) -> Node:
    """Lay one value over the tree at its dotted path; what is not there yet is made."""
    return _patch(root, steps(key), value)


def steps(key: str) -> list[str]:
    """The steps of a dotted path. A phase's `set` holds paths, so what follows it is one step."""
    found = key.split(".")
    if found[0] == "phases" and found[2:3] == ["set"] and len(found) > 3:
        return [*found[:3], ".".join(found[3:])]
    return found


def _patch(node: Node, path: Sequence[str], value: Node) -> Node:
    first, *rest = path
    below = node.child(first)
    if rest and below is not None and isinstance(below.value, dict):
        below = _patch(below, rest, value)
        return replace(node, value={**node.value, first: below})
    for step in reversed(rest):
        value = Node({step: value}, value.place)
    return merge(node, Node({first: value}, node.place))
