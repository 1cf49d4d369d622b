"""The table as GitHub's Markdown."""

from __future__ import annotations

import re

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Entry, Group, lay_out

# An underscore within a word is no emphasis, as in l1_cgan.
SPECIAL = re.compile(r"[\\`*<|]|(?<![^\W_])_|_(?![^\W_])")


def as_markdown(table: Table) -> str:
    """A heading, the table, and below it what must be read."""
    groups = lay_out(table)
    heads = [head for group in groups for head in _heads(group)]
    rows = [[_cell(entry) for group in groups for entry in group.rows[n]] for n in _numbers(table)]
    lines = [f"# {_plain(table.name)}", ""]
    if table.about:
        lines += [_plain(table.about), ""]
    lines += [_line(heads), _line(["---"] + ["---:"] * (len(heads) - 1)), *map(_line, rows), ""]
    lines += [f"- {_plain(sentence)}" for sentence in footers(table)]
    return "\n".join(lines) + "\n"


def _numbers(table: Table) -> range:
    return range(len(table.rows))


def _heads(group: Group) -> list[str]:
    """Markdown has no columns under one title: each says whose it is."""
    if not group.name:
        return [_plain(head) for head in group.heads]
    first, *others = group.heads
    told = [f"{group.title}, {first}", *(f"{group.name}, {head}" for head in others)]
    return [_plain(head) for head in told]


def _cell(entry: Entry) -> str:
    return f"**{_plain(entry.text)}**" if entry.bold else _plain(entry.text)


def _plain(text: str) -> str:
    """A text that means what it says, on one line."""
    return SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
