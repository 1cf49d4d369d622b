"""The table of an ablation as its page shows it: what table.md has, in a box that scrolls."""

from __future__ import annotations

from gan_zoo.ablation.table import Row, Table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Entry, lay_out
from gan_zoo.report.markup import Html, table, tag

FAILED = "failed: "  # how the state of a run begins that failed, before its cause


def show_table(made: Table) -> Html:
    """The table, and below it what must be read."""
    groups = lay_out(made)
    heads = [head for group in groups for head in group.heads]
    rows = []
    for n, row in enumerate(made.rows):
        _, *entries = [entry for group in groups for entry in group.rows[n]]
        rows.append([_name(row), *map(_cell, entries)])
    shown = table(
        heads,
        rows,
        caption="The variants, over their seeds",
        numbers=range(1, len(heads)),
        titles=[(group.title, len(group.heads)) for group in groups],
    )
    told = [tag("li", sentence) for sentence in footers(made)]
    return tag("div", shown, tag("ul", *told, class_="note"), class_="outcome")


def _name(row: Row) -> list[object]:
    """The variant, and under it why seeds are missing."""
    failed = [
        tag("span", f"seed {seed} failed: {state.removeprefix(FAILED)}", class_="note")
        for seed, state in row.states.items()
        if state.startswith(FAILED)
    ]
    return [row.variant, *failed]


def _cell(entry: Entry) -> object:
    return tag("strong", entry.text) if entry.bold else entry.text
