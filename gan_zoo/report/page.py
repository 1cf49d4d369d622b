"""A page about one run, or about several: one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from gan_zoo.report.charts import Chart, plan_charts, worth_drawing
from gan_zoo.report.closer_look import show_closer_look
from gan_zoo.report.curves import phase_starts, show_curves
from gan_zoo.report.drawing import can_draw, draw
from gan_zoo.report.markup import Html, data_script, join, tag
from gan_zoo.report.pictures import Board, board_data, first_look, make_boards, show_board
from gan_zoo.report.run_view import RunView
from gan_zoo.report.sections import (
    show_health,
    show_one,
    show_recipe,
    show_several,
    show_world,
)

POLICY = (  # nothing is fetched, whatever stands on the page
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
NO_SCRIPT = "Without scripts the pictures are the last ones, and curves are tables of numbers."


def make_page(runs: Sequence[RunView]) -> str:
    """The page of these runs, as HTML."""
    title = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
    boards, charts = make_boards(runs), plan_charts(runs)
    sections: dict[str, list[Html | None]] = {
        "In one look": [
            first_look(runs, boards),
            show_one(runs[0]) if len(runs) == 1 else show_several(runs),
        ],
        "Pictures": [_pictures(boards)],
        "Curves": [show_curves(runs, charts)],
        "Health": [show_health(runs)],
        "Recipe": [show_recipe(runs)],
        "World": [show_world(runs)],
    }
    anchors = {name: name.lower().replace(" ", "-") for name in sections}
    links = [tag("a", name, href=f"#{anchor}") for name, anchor in anchors.items()]
    shown = [
        tag("section", tag("h2", name), parts, id=anchors[name]) for name, parts in sections.items()
    ]
    body = tag(
        "body",
        tag("header", tag("h1", title), tag("nav", links, aria_label="Sections")),
        tag("noscript", tag("p", NO_SCRIPT)),
        tag("main", shown),
        tag("footer", tag("p", "Made by gan-zoo from the run's folder alone.", class_="note")),
        show_closer_look() if boards else None,
        data_script("boards", [board_data(board) for board in boards]),
        _scripts(runs, charts),
    )
    return join([Html("<!doctype html>\n"), tag("html", _head(title), body, lang="en"), "\n"])


def _head(title: str) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} - gan-zoo"),
        tag("style", Html(_asset("report.css"))),
    )


def _asset(name: str) -> str:
    return (files("gan_zoo.report") / name).read_text(encoding="utf-8")


def _scripts(runs: Sequence[RunView], charts: Sequence[Chart]) -> Html:
    made: list[Html] = []
    if can_draw() and worth_drawing(charts):
        drawn = draw([chart for chart in charts if not chart.flat], phase_starts(runs))
        made.append(tag("script", Html(drawn.script)))
        made.append(data_script("charts", {"document": drawn.document, "items": drawn.items}))
    made.append(tag("script", Html(_asset("report.js"))))
    return join(made)


def _pictures(boards: Sequence[Board]) -> Html:
    if not boards:
        told = "There are no pictures: the recipe lists no callback that writes previews, or none "
        return tag("p", told + "was due yet.")
    return join(show_board(board) for board in boards)
