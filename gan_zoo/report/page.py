"""A page about one run, or about several: one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from gan_zoo.report.boards import Board, board_data, show_board
from gan_zoo.report.charts import Chart, plan_charts, worth_drawing
from gan_zoo.report.closer_look import show_closer_look
from gan_zoo.report.curves import phase_starts, show_curves
from gan_zoo.report.document import make_document, read_asset
from gan_zoo.report.drawing import can_draw, draw
from gan_zoo.report.markup import Html, data_script, join, tag
from gan_zoo.report.pictures import first_look, make_boards
from gan_zoo.report.run_view import RunView
from gan_zoo.report.sections import (
    show_health,
    show_one,
    show_recipe,
    show_several,
    show_world,
)

UNSCRIPTED = "Without scripts the pictures are the last ones, and curves are tables of numbers."


def make_page(runs: Sequence[RunView]) -> str:
    """The page of these runs, as HTML."""
    boards, charts = make_boards(runs), plan_charts(runs)
    return make_document(
        runs[0].name if len(runs) == 1 else f"{len(runs)} runs",
        {
            "In one look": [
                first_look(runs, boards),
                show_one(runs[0]) if len(runs) == 1 else show_several(runs),
            ],
            "Pictures": _pictures(boards),
            "Curves": show_curves(runs, charts),
            "Health": show_health(runs),
            "Recipe": show_recipe(runs),
            "World": show_world(runs),
        },
        unscripted=UNSCRIPTED,
        source="the run's folder",
        after=[
            show_closer_look() if boards else None,
            data_script("boards", [board_data(board) for board in boards]),
            _scripts(runs, charts),
        ],
    )


def _scripts(runs: Sequence[RunView], charts: Sequence[Chart]) -> Html:
    made: list[Html] = []
    if can_draw() and worth_drawing(charts):
        drawn = draw([chart for chart in charts if not chart.flat], phase_starts(runs))
        made.append(tag("script", Html(drawn.script)))
        made.append(data_script("charts", {"document": drawn.document, "items": drawn.items}))
    made.append(tag("script", Html(read_asset("boards.js") + read_asset("curves.js"))))
    return join(made)


def _pictures(boards: Sequence[Board]) -> Html:
    if not boards:
        told = "There are no pictures: the recipe lists no callback that writes previews, or none "
        return tag("p", told + "was due yet.")
    return join(show_board(board) for board in boards)
