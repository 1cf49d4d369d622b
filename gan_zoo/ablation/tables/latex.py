"""The table as LaTeX, with the rules of the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Block, Entry, lay_out, spans

SPECIAL = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\to$",
}
MINUS = re.compile(r"(?<![\w.])-(?=\d)")


def as_latex(table: Table) -> str:
    """A tabular a block, each for a table and a caption of the paper; what must be read is in
    comments.
    """
    said = [table.name, *([table.about] if table.about else []), *footers(table)]
    lines = [*map(_comment, said), _comment("\\usepackage{booktabs}")]
    for block in lay_out(table):
        lines += ["", *_tabular(block)]
    return "\n".join(lines) + "\n"


def _tabular(block: Block) -> Iterator[str]:
    yield _comment(block.title)
    yield f"\\begin{{tabular}}{{l{'r' * (len(block.heads) - 1)}}}"
    yield "\\toprule"
    yield from _spans(block)
    yield _line(_plain(head.text) for head in block.heads)
    yield "\\midrule"
    for row in block.rows:
        yield _line(map(_cell, row))
    yield "\\bottomrule"
    yield "\\end{tabular}"


def _spans(block: Block) -> Iterator[str]:
    """What stands over several columns, with a rule below it; nothing where nothing does."""
    cells, rules, column = [], [], 1
    for over, width in spans(block.heads):
        if over:
            cells.append(f"\\multicolumn{{{width}}}{{c}}{{{_plain(over)}}}")
            rules.append(f"\\cmidrule(lr){{{column}-{column + width - 1}}}")
        else:
            cells += [""] * width
        column += width
    if cells:
        yield _line(cells)
        yield " ".join(rules)


def _cell(entry: Entry) -> str:
    text = f"\\textbf{{{_plain(entry.text)}}}" if entry.bold else _plain(entry.text)
    return f"{text}\\enspace {_plain(entry.aside)}" if entry.aside else text


def _plain(text: str) -> str:
    return MINUS.sub("$-$", "".join(SPECIAL.get(letter, letter) for letter in text))


def _line(cells: Iterable[str]) -> str:
    return f"{' & '.join(cells)} \\\\".lstrip()


def _comment(text: str) -> str:
    return f"% {' '.join(text.split())}"
