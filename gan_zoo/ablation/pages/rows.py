"""The table of an ablation as its page shows it: what table.md has, in boxes that scroll."""

from __future__ import annotations

from collections.abc import Mapping

from gan_zoo.ablation.table import Row, Table
from gan_zoo.ablation.tables.footers import footers, methods
from gan_zoo.ablation.tables.layout import Block, Entry, lay_out, spans
from gan_zoo.report.markup import Html, table, tag

FAILED = "failed: "  # how the state of a run begins that failed, before its cause


def show_table(made: Table) -> Html:
    """The blocks of the table, below them what must be read, and how all of it was made."""
    rows = {row.variant: row for row in made.rows}
    blocks = [_show(block, {} if n else rows) for n, block in enumerate(lay_out(made))]
    told = [tag("li", sentence) for sentence in footers(made)]
    made_so = tag("ul", *(tag("li", sentence) for sentence in methods(made)), class_="note")
    more = tag("details", tag("summary", "How it was measured"), made_so) if made.columns else None
    return tag("div", *blocks, tag("ul", *told, class_="note"), more, class_="outcome")


def _show(block: Block, failing: Mapping[str, Row]) -> Html:
    """A block; under the names of `failing` variants stands why seeds are missing."""
    return table(
        [head.text for head in block.heads],
        [
            [[name.text, _failures(failing.get(name.text))], *map(_cell, entries)]
            for name, *entries in block.rows
        ],
        caption=block.title,
        numbers=range(1, len(block.heads)),
        titles=spans(block.heads),
    )


def _failures(row: Row | None) -> list[Html]:
    return [
        tag("span", f"seed {seed} failed: {state.removeprefix(FAILED)}", class_="note")
        for seed, state in (row.states if row else {}).items()
        if state.startswith(FAILED)
    ]


def _cell(entry: Entry) -> list[object]:
    text = tag("strong", entry.text) if entry.bold else entry.text
    return [text, tag("span", entry.aside, class_="aside") if entry.aside else None]
