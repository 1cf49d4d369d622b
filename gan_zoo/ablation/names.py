"""The variants that a file names, and what is wrong between its names. Works on the tree of the
file as it is written, so that one mistake does not hide another. No torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from gan_zoo.errors import near_misses, quoted
from gan_zoo.recipe.problems import Keys, Problem
from gan_zoo.recipe.tree import Node

Patches = tuple[tuple[str, Node], ...]  # dotted path -> what is laid there, in this order


@dataclass(frozen=True)
class Named:
    """A variant as the file names it.

    Args:
        name: Of `vary`, or the levels of the grid, joined by dots.
        factors: Factor of the grid -> its level; empty of one under `vary`.
        patches: What it changes; empty where nothing.
    """

    name: str
    factors: Mapping[str, str]
    patches: Patches


def name_variants(root: Node) -> list[Named]:
    """The variants in the order of the table: those of `vary`, then every combination of the grid
    that is not left out. What is no mapping of mappings is left to the check of the values.
    """
    out = [entry for entry in _items(root, "leave_out") if isinstance(entry, Mapping)]
    found = [Named(name, {}, patches(one)) for name, one in _children(root.child("vary"))]
    grid = dict(_children(root.child("grid")))
    levels = [[(name, one) for name, one in _children(factor)] for factor in grid.values()]
    for chosen in product(*levels) if grid else ():
        factors = dict(zip(grid, (name for name, _ in chosen), strict=True))
        if not any(_matches(entry, factors) for entry in out):
            changes = tuple(change for _, one in chosen for change in patches(one))
            found.append(Named(".".join(factors.values()), factors, changes))
    return found


def patches(patch: Node | None) -> Patches:
    """What a patch lays over a recipe, by dotted path."""
    return tuple(_children(patch))


def mistakes(root: Node) -> Iterator[Problem]:
    """What is wrong between the names of a file: variants, levels, references to them."""
    variants = name_variants(root)
    yield from _mistakes_in_leave_out(root)
    yield from _mistakes_in_patches(root)
    if not variants:
        yield _nothing(root)
        return
    names = [one.name for one in variants]
    yield from _names_alike(root, variants)
    reference = root.child("reference")
    if reference is not None and reference.value is not None:
        if str(reference.value) not in names:
            yield _problem(root, ("reference",), _no_variant(str(reference.value), names))
    elif all(one.patches for one in variants):
        told = "every variant changes something, so name the one that the others are set against: "
        yield _problem(root, (), f"{told}reference: {names[0]}, or another")
    published = root.child("published")
    values = published.child("values") if published else None
    for name, _ in _children(values):
        if name not in names:
            yield _problem(root, ("published", "values", name), _no_variant(name, names))


def _nothing(root: Node) -> Problem:
    keys: Keys = ()
    if _children(root.child("grid")):
        keys, told = ("leave_out",), "every combination of the grid is left out; keep one"
    else:
        told = "there is no variant; name some: vary: {without_l1: {losses.l1: null}, whole: {}}"
    return _problem(root, keys, told)


def _names_alike(root: Node, variants: Iterable[Named]) -> Iterator[Problem]:
    """Names are folders, and some systems do not tell L1 from l1."""
    seen: dict[str, str] = {}
    for one in variants:
        first = seen.setdefault(one.name.lower(), one.name)
        if first == one.name and Counter(v.name for v in variants)[one.name] == 1:
            continue
        if first != one.name or one.factors:
            keys = ("grid",) if one.factors else ("vary", one.name)
            told = f"'{one.name}' and '{first}' would be one folder; give one another name"
            yield _problem(root, keys, told)


def _mistakes_in_leave_out(root: Node) -> Iterator[Problem]:
    grid = {name: dict(_children(one)) for name, one in _children(root.child("grid"))}
    for index, entry in enumerate(_items(root, "leave_out")):
        keys: Keys = ("leave_out", index)
        if not isinstance(entry, Mapping):
            continue
        if not grid:
            yield _problem(root, keys, "there is no grid to leave anything out of; remove it")
        elif not entry:
            yield _problem(root, keys, f"names no factor; name some of {', '.join(grid)}")
        for factor, level in entry.items() if grid else ():
            if factor not in grid:
                told = f"there is no factor '{factor}'; {_meant(factor, grid)}"
                yield _problem(root, (*keys, factor), told)
            elif str(level) not in grid[factor]:
                told = f"{factor} has no level '{level}'; {_meant(str(level), grid[factor])}"
                yield _problem(root, (*keys, factor), told)


def _mistakes_in_patches(root: Node) -> Iterator[Problem]:
    """What no patch can change, as the ablation says it itself; a factor without levels."""
    whole: list[tuple[Keys, Node | None]] = [(("set",), root.child("set"))]
    whole += [(("vary", name), one) for name, one in _children(root.child("vary"))]
    for factor, levels in _children(root.child("grid")):
        whole += [(("grid", factor, name), one) for name, one in _children(levels)]
        if levels.value == {}:
            yield _problem(root, ("grid", factor), "is empty; a factor has one level at least")
    for keys, patch in whole:
        for key, _ in patches(patch):
            if key == "seed":
                told = "every variant is trained with the same seeds, which `seeds` lists"
                yield _problem(root, (*keys, key), told)


def _no_variant(name: str, names: Iterable[str]) -> str:
    return f"there is no variant {quoted(name)}; {_meant(name, names)}"


def _meant(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = near_misses(name, names)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"


def _matches(entry: Mapping[str, Any], factors: Mapping[str, str]) -> bool:
    return bool(entry) and all(factors.get(key) == str(level) for key, level in entry.items())


def _problem(root: Node, keys: Keys, told: str) -> Problem:
    return Problem(keys, told, root.place_of(keys))


def _children(node: Node | None) -> list[tuple[str, Node]]:
    """What stands in a mapping; nothing where it is something else."""
    return list(node.value.items()) if node is not None and isinstance(node.value, dict) else []


def _items(root: Node, key: str) -> list[Any]:
    """The plain items of a list; nothing where it is something else."""
    node = root.child(key)
    return node.plain() if node is not None and isinstance(node.value, list) else []
