"""The table as GitHub's Markdown, in columns that a plain look at the file can follow too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Block, Entry, lay_out

# An underscore within a word is no emphasis, as in l1_cgan.
SPECIAL = re.compile(r"[\\`*<|~$]|(?<![^\W_])_|_(?![^\W_])")


def as_markdown(table: Table) -> str:
    """A heading, the blocks, and below them what must be read."""
    lines = [f"# {_plain(table.name)}", ""]
    if table.about:
        lines += [_plain(table.about), ""]
    for block in lay_out(table):
        lines += [f"## {_plain(block.title)}", "", *_lines(block), ""]
    lines += [f"- {_plain(sentence)}" for sentence in footers(table)]
    return "\n".join(lines) + "\n"


def _lines(block: Block) -> Iterator[str]:
    """Markdown has no columns under one title: each head is whole."""
    heads = [_plain(head.whole) for head in block.heads]
    rows = [[_cell(entry) for entry in row] for row in block.rows]
    widths = [max(4, *map(len, column)) for column in zip(heads, *rows, strict=True)]
    rule = ["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    for name, *others in [heads, rule, *rows]:
        cells = [other.rjust(width) for other, width in zip(others, widths[1:], strict=True)]
        yield f"| {' | '.join([name.ljust(widths[0]), *cells])} |"


def _cell(entry: Entry) -> str:
    text = f"**{_plain(entry.text)}**" if entry.bold else _plain(entry.text)
    return f"{text} {_plain(entry.aside)}".rstrip()


def _plain(text: str) -> str:
    """A text that means what it says, on one line."""
    return SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))
