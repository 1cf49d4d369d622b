"""A draft as text: a line a decision, its reason behind it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from gan_zoo.data_tools.drafting.draft import Draft
from gan_zoo.recipe.model import RecipeFields
from gan_zoo.recipe.text import write_inline
from gan_zoo.recipe.tree import Node, merge, steps

WIDTH = 100  # of a line with its reason
REASONS = 34  # the column in which reasons begin, where the line leaves room
BLOCKS = ("data", "conditions", "losses", "optimizers", "phases", "callbacks")  # a line an item


def write_draft(made: Draft, title: str, extends: tuple[str, str]) -> str:
    """The text of a recipe.

    Args:
        made: What it changes, and why.
        title: The comment in its first lines.
        extends: What it extends, as it is written, and why.
    """
    lines = [*_comment(title), *_line("extends: ", extends[0], extends[1])]
    tree = _said(made)
    for section in RecipeFields.model_fields:
        if section not in tree:
            continue
        value = tree[section]
        if section not in BLOCKS or not isinstance(value, Mapping):
            lines += _line(f"{section}: ", value, _why(made, section))
            continue
        lines.append(f"{section}:")
        for name, item in value.items():
            lines += _line(f"  {name}: ", item, _why(made, f"{section}.{name}"))
    return "\n".join([*lines, ""])


def _said(made: Draft) -> dict[str, Any]:
    """The changes as a tree, with what phases said of parts that they took away."""
    tree: dict[str, Any] = {}
    for path, value in made.changes.items():
        *above, last = steps(path)
        here = tree
        for step in above:
            here = here.setdefault(step, {})
        here[last] = {**value} if isinstance(value, Mapping) else value
    laid = merge(made.base.source.root, Node.of(tree)).plain()
    _lay(tree, _difference(laid, made.source.tree))
    return tree


def _difference(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What makes `now` of `was` when it is merged."""
    found: dict[str, Any] = {key: None for key in was if key not in now}
    for key, value in now.items():
        old = was.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if inside := _difference(old, value):
                found[key] = inside
        elif key not in was or old != value:
            found[key] = value
    return found


def _lay(tree: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Put values into a tree, null as a value like others."""
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(tree.get(key), dict):
            _lay(tree[key], value)
        else:
            tree[key] = value


def _why(made: Draft, path: str) -> str:
    """The reasons at a path and below, each once."""
    found = [why for key, why in made.whys.items() if f"{key}.".startswith(f"{path}.") and why]
    return "; ".join(dict.fromkeys(found))


def _line(key: str, value: Any, why: str) -> Iterator[str]:
    """A line with its reason, which goes on below itself where it is long."""
    said = key + write_inline(value)
    if not why:
        yield said
        return
    column = max(REASONS, len(said) + 2)
    if column > WIDTH * 2 // 3:  # a long line: the reason stands above it
        indent = " " * (len(key) - len(key.lstrip()))
        yield from (f"{indent}{line}" for line in _comment(why, WIDTH - len(indent)))
        yield said
        return
    first, *rest = _comment(why, WIDTH - column)
    yield said.ljust(column) + first
    yield from (" " * column + line for line in rest)


def _comment(text: str, width: int = WIDTH) -> list[str]:
    """A text as comments; a name may hold codes that no recipe may."""
    shown = "".join(letter if letter.isprintable() or letter.isspace() else "?" for letter in text)
    wrapped = textwrap.wrap(shown, width - 2, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in wrapped]
