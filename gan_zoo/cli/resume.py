"""gan-zoo resume RUN."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gan_zoo.cli.options import RunPath
from gan_zoo.cli.run import run_training
from gan_zoo.errors import UserError


def resume(
    run: RunPath,
    steps: Annotated[
        str | None,
        typer.Option(metavar="N|all", help="Change where it ends: after N steps in all, or never."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where its data lies now, if it has moved.")
    ] = None,
    changed_data: Annotated[
        bool,
        typer.Option("--changed-data", help="Learn from other samples now, to other numbers."),
    ] = False,
) -> None:
    """Go on with a run from its last checkpoint.

    The numbers become the same as without the stop.
    """
    end: int | Literal["all"] | None = None
    if steps == "all":
        end = "all"
    elif steps is not None:
        if not steps.isdecimal() or not int(steps):
            raise UserError(f"--steps: {steps} came; a number above 0, or all, was expected")
        end = int(steps)
    from gan_zoo.runs.folder import RunFolder

    RunFolder.open(run)
    from gan_zoo.training.run import resume as go_on

    run_training(lambda: go_on(run, steps=end, data=data, changed_data=changed_data, report=False))
