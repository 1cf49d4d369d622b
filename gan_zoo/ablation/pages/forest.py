"""A forest of intervals: how far every variant is from the reference, score by score, as a drawing
that needs no script and reads at any width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gan_zoo.ablation.pages.verdict import is_lower_better
from gan_zoo.ablation.table import Cell, Column, Table
from gan_zoo.ablation.tables.layout import Entry, differences
from gan_zoo.report.markup import Html, join, tag
from gan_zoo.report.scores import describe_order

TICKS = 7  # of an axis, at most
MARGIN = 0.05  # of the drawing, free at either side
EDGE = 6  # per cent of the width at either side, in which a number would stand out of it
HEIGHT, MIDDLE, DOTS = 34, 13, 25  # pixels of a row, and where its interval and its dots lie


@dataclass(frozen=True)
class Axis:
    """Differences to places.

    Args:
        low: At the left edge.
        high: At the right edge.
    """

    low: float
    high: float

    def place(self, value: float) -> str:
        """Where a difference lies, in per cent of the width."""
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(1.0, max(0.0, share)):.2f}%"

    @property
    def step(self) -> float:
        """A round difference between ticks: 1, 2 or 5, and so on, but for the decimal point."""
        least = (self.high - self.low) / TICKS
        whole = 10.0 ** math.floor(math.log10(least))
        return next(n * whole for n in (1, 2, 5, 10) if least <= n * whole * (1 + 1e-9))

    @property
    def ticks(self) -> dict[float, str]:
        """Differences and how they are written, zero among them."""
        digits = max(0, -math.floor(math.log10(self.step) + 1e-9))
        first, last = math.ceil(self.low / self.step), math.floor(self.high / self.step)
        signed = {n: "+" if n > 0 else "" for n in range(first, last + 1)}
        return {n * self.step: f"{sign}{n * self.step:.{digits}f}" for n, sign in signed.items()}


def make_axis(cells: Iterable[Cell]) -> Axis:
    """An axis that holds zero, every seed's difference, and the intervals as far as they do not
    dwarf these: the t distribution of two seeds has ends that nothing else would be seen beside.
    """
    found = [(cell.difference, cell.differences.values()) for cell in cells if cell.difference]
    near = [0.0, *(value for one, each in found for value in (one.mean, *each))]
    low, high = min(near), max(near)
    ends = [end for one, _ in found for end in (one.low, one.high) if math.isfinite(end)]
    reach = (high - low) or max(map(abs, ends), default=0.0) or 1.0
    low = max(low - reach, min([low, *ends]))
    high = min(high + reach, max([high, *ends]))
    if low == high:  # all are zero
        low, high = -reach, reach
    free = MARGIN * (high - low)
    return Axis(low - free, high + free)


def show_forest(table: Table) -> Html:
    """A drawing a score; the numbers stand beside every interval."""
    told = differences(table)
    made = [_score(table, column, told[column.name]) for column in table.columns]
    drawn = [one for one in made if one is not None]
    if not drawn:
        return tag("p", "There is no difference yet: no seed is done in two variants.")
    return join(drawn)


def _score(table: Table, column: Column, told: Mapping[str, Entry]) -> Html | None:
    cells = {row.variant: row.cells[column.name] for row in table.rows if column.name in row.cells}
    shown = {name: cell for name, cell in cells.items() if cell.difference is not None}
    if not shown:
        return None
    axis = make_axis(shown.values())
    lower = is_lower_better(column)
    rows = [_row(name, cell, told[name].text, axis, lower) for name, cell in shown.items()]
    what = (
        "Differences"
        if column.ideal is None
        else f"Differences of the distance to {column.ideal:g}"
    )
    over = "a dot a seed" if len(table.seeds) > 1 else "over the pictures of this one training"
    said = f"{what}, to {table.reference}: intervals of 95 %, {over}. "
    said += "Filled ones may be believed. " if any(c.bold for c in shown.values()) else ""
    order = describe_order(column.lower_is_better, column.ideal)
    said += f"Of {column.name}, {order}: that is {'left' if lower else 'right'} of the line."
    return tag(
        "figure",
        tag("h3", column.name),
        tag("ul", *rows, _axis(axis, lower)),
        tag("figcaption", said),
        class_="forest",
    )


def _row(name: str, cell: Cell, numbers: str, axis: Axis, lower: bool) -> Html:
    assert cell.difference is not None
    one = cell.difference
    better = (one.mean < 0) == lower
    look = ("better" if better else "worse") if cell.bold else "open"
    zero = axis.place(0.0)
    parts = [
        tag("line", x1=zero, x2=zero, y1=0, y2=HEIGHT, class_="zero"),
        tag(
            "line",
            x1=axis.place(one.low),
            x2=axis.place(one.high),
            y1=MIDDLE,
            y2=MIDDLE,
            class_="span",
        ),
        _end(axis, one.low, left=True),
        _end(axis, one.high, left=False),
        tag("circle", cx=axis.place(one.mean), cy=MIDDLE, r=4.5, class_="mean"),
        [
            tag("circle", cx=axis.place(value), cy=DOTS, r=2.25, class_="seed")
            for value in cell.differences.values()
        ],
    ]
    drawing = tag("svg", *parts, width="100%", height=HEIGHT, aria_hidden="true", class_=look)
    return tag(
        "li",
        tag("span", name, class_="who"),
        drawing,
        tag("strong" if cell.bold else "span", numbers, class_="numbers"),
    )


def _end(axis: Axis, value: float, *, left: bool) -> Html:
    """An end of an interval: a bar, or an arrow where it goes on beyond the drawing."""
    if axis.low <= value <= axis.high:
        place = axis.place(value)
        return tag("line", x1=place, x2=place, y1=MIDDLE - 4, y2=MIDDLE + 4, class_="span")
    shape = "M5 -4L0 0L5 4" if left else "M-5 -4L0 0L-5 4"
    arrow = tag("path", d=shape, class_="span")
    return tag("svg", arrow, x="0%" if left else "100%", y=MIDDLE, class_="beyond")


def _axis(axis: Axis, lower: bool) -> Html:
    marks: list[Html] = []
    for value, told in axis.ticks.items():
        place = axis.place(value)
        marks.append(tag("line", x1=place, x2=place, y1=4, y2=8))
        at = float(place.removesuffix("%"))
        edge = " first" if at < EDGE else " last" if at > 100 - EDGE else ""
        marks.append(tag("text", told, x=place, y=22, class_=f"tick{edge}"))
    told = "← better" if lower else "better →"
    side = {"x": "0%"} if lower else {"x": "100%", "text_anchor": "end"}
    marks.append(tag("text", told, y=40, **side))
    drawing = tag("svg", *marks, width="100%", height=46, class_="axis")
    return tag("li", drawing, class_="scale", aria_hidden="true")
