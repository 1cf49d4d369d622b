"""The table as LaTeX, with the rules of the package booktabs."""

from __future__ import annotations

import re

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Entry, Group, lay_out

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
    """A tabular for a paper's own table and caption; what must be read is in comments."""
    groups = lay_out(table)
    said = [table.name, *([table.about] if table.about else []), *footers(table)]
    columns = " ".join(("l" if n == 0 else "r") * len(one.heads) for n, one in enumerate(groups))
    lines = [
        *(f"% {' '.join(sentence.split())}" for sentence in said),
        "% \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        *_titles(groups),
        _line([_plain(head) for group in groups for head in group.heads]),
        "\\midrule",
    ]
    for n in range(len(table.rows)):
        lines.append(_line([_cell(entry) for group in groups for entry in group.rows[n]]))
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def _titles(groups: tuple[Group, ...]) -> list[str]:
    """The scores' names above their columns, each with a rule below it; none without scores."""
    if not any(group.name for group in groups):
        return []
    titles, rules, column = [], [], 1
    for group in groups:
        width = len(group.heads)
        if group.name:
            titles.append(f"\\multicolumn{{{width}}}{{c}}{{{_plain(group.title)}}}")
            rules.append(f"\\cmidrule(lr){{{column}-{column + width - 1}}}")
        else:
            titles += [""] * width
        column += width
    return [_line(titles), " ".join(rules)]


def _cell(entry: Entry) -> str:
    return f"\\textbf{{{_plain(entry.text)}}}" if entry.bold else _plain(entry.text)


def _plain(text: str) -> str:
    return MINUS.sub("$-$", "".join(SPECIAL.get(letter, letter) for letter in text))


def _line(cells: list[str]) -> str:
    return f"{' & '.join(cells)} \\\\".lstrip()
