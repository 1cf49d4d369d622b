"""gan-zoo report RUN..."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="The folder of a run; several compare.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The page; RUN/report.html if absent, of several beside the first."
        ),
    ] = None,
) -> None:
    """Write a page about a run, or one that compares several.

    One HTML file that needs nothing else: pictures over time, curves, health, recipe.
    """
    from gan_zoo.report.drawing import INSTALL, can_draw
    from gan_zoo.report.writing import write_report

    path = write_report(runs, out)
    if not can_draw():
        print(f"Curves are tables alone; they are drawn after: {INSTALL}")
    print(f"Report: {path}")
