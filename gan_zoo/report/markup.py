"""HTML that cannot be broken by what stands in it: every text is escaped when it is put in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

VOID = frozenset({"img", "input", "meta", "br", "hr"})


class Html(str):
    """Text that is HTML already; any other text is escaped."""

    __slots__ = ()


def tag(name: str, /, *inside: object, **attributes: object) -> Html:
    """An element.

    Args:
        name: Of the element.
        inside: Text, elements, or lists of these; None is nothing.
        attributes: `_` stands for `-`, and at the end for nothing, as in `class_` or `for_`. True
            is an attribute without a value; None and False leave it out.
    """
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(str(value), quote=True)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{join(inside)}</{name}>")


def join(parts: Iterable[object]) -> Html:
    """Text and elements one after the other."""
    return Html("".join(_text(part) for part in parts))


def table(
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    caption: object = None,
    numbers: Iterable[int] = (),
    titles: Sequence[tuple[str, int]] = (),
) -> Html:
    """A table with a row of headings; the first cell of each row is a heading too.

    Args:
        head: Of the columns.
        rows: Cells.
        caption: What it shows.
        numbers: Columns that are aligned at the right.
        titles: Of groups of columns, each with how many it stands over.
    """
    right = set(numbers)

    def look(n: int) -> str | None:
        return "number" if n in right else None

    def cell(n: int, inside: object) -> Html:
        kind = look(n)
        return tag("td", inside, class_=kind) if n else tag("th", inside, scope="row", class_=kind)

    headings = [tag("th", inside, scope="col", class_=look(n)) for n, inside in enumerate(head)]
    above = [
        tag("th", title, scope="colgroup", colspan=width) if title else tag("td", colspan=width)
        for title, width in titles
    ]
    body = [tag("tr", *(cell(n, inside) for n, inside in enumerate(row))) for row in rows]
    made = tag(
        "table",
        tag("caption", tag("span", caption)) if caption is not None else None,
        tag("thead", tag("tr", *above) if above else None, tag("tr", *headings)),
        tag("tbody", *body),
    )
    return tag("div", made, class_="wide", tabindex=0, role="group", aria_label=_label(caption))


def data_script(id: str, value: Any) -> Html:
    """JSON for the page's script; nothing in it can end the element."""
    told = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        told = told.replace(letter, f"\\u{ord(letter):04x}")
    return Html(f'<script type="application/json" id="{escape(id, quote=True)}">{told}</script>')


def _label(caption: object) -> str:
    return str(caption) if isinstance(caption, str) and not isinstance(caption, Html) else "Table"


def _text(part: object) -> str:
    if part is None:
        return ""
    if isinstance(part, Html):
        return part
    if isinstance(part, list | tuple):
        return join(part)
    return escape(str(part), quote=True)
