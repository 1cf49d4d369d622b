"""gan-zoo report RUN..."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="The folder of a run, or of an ablation; several runs compare."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The page; report.html in the folder if absent, of several beside the first.",
        ),
    ] = None,
) -> None:
    """Write a page about a run, an ablation, or several runs.

    One HTML file that needs nothing else: pictures over time, curves, health, recipe; of an
    ablation its table, differences with intervals, the same samples by every variant.
    """
    from gan_zoo.ablation.folder import AblationFolder
    from gan_zoo.errors import UserError
    from gan_zoo.report.drawing import INSTALL, can_draw
    from gan_zoo.report.writing import write_report

    planned = [run for run in runs if AblationFolder(run).is_planned()]
    if planned and len(runs) > 1:
        raise UserError(
            f"{planned[0]} is an ablation, which has a page of its own: gan-zoo report {planned[0]}"
        )
    if planned:
        from gan_zoo.ablation.page import report_ablation

        print(f"Report: {report_ablation(planned[0], out)}")
        return
    path = write_report(runs, out)
    if not can_draw():
        print(f"Curves are tables alone; they are drawn after: {INSTALL}")
    print(f"Report: {path}")
