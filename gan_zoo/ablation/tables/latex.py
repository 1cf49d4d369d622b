"""The table as LaTeX, with the rules of the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Block, Entry, lay_out, spans
from gan_zoo.ablation.tables.numbers import TIMES

SPECIAL = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\to$",
    TIMES: r"$\times$",
}
POWER = re.compile(rf" {TIMES} 10\^(-?\d+)")
LONG = 95  # letters of a row, beyond which it is wider than a page
BESIDE = 3  # columns of a tabular whose rows would be that long
MINUS = re.compile(r"(?<![\w.])-(?=\d)")


def as_latex(table: Table) -> str:
    """A tabular a block, each for a table and a caption of the paper; what must be read is in
    comments.
    """
    said = [table.name, *([table.about] if table.about else []), *footers(table)]
    lines = [*map(_comment, said), _comment("\\usepackage{booktabs}")]
    for block in lay_out(table):
        for part in _parts(block):
            lines += ["", *_tabular(part)]
    return "\n".join(lines) + "\n"


def _parts(block: Block) -> Iterator[Block]:
    """The block, or several of a few columns each where its rows are wider than a page."""
    lengths = [sum(len(f"{e.text} {e.aside}") for e in row) for row in block.rows]
    count = len(block.heads) - 1
    step = BESIDE if max(lengths) > LONG else count
    for start in range(1, count + 1, step):
        own = slice(start, start + step)
        rows = tuple((row[0], *row[own]) for row in block.rows)
        yield Block(block.title, (block.heads[0], *block.heads[own]), rows)


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
    """A text that means what it says; every second part is a power of ten."""
    parts = POWER.split(text)
    return "".join(
        f" $\\times 10^{{{part}}}$" if n % 2 else _escaped(part) for n, part in enumerate(parts)
    )


def _escaped(text: str) -> str:
    escaped = "".join(SPECIAL.get(letter, letter) for letter in text)
    return MINUS.sub("$-$", escaped.replace("--", "-{}-"))


def _line(cells: Iterable[str]) -> str:
    return f"{' & '.join(cells)} \\\\".lstrip()


def _comment(text: str) -> str:
    return f"% {' '.join(text.split())}"
