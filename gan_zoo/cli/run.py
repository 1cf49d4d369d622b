"""gan-zoo run RECIPE."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_zoo.cli.options import DataRoot, RecipeName, Set, format_os_error, load_recipe

if TYPE_CHECKING:
    from gan_zoo.runs.folder import RunFolder


def run(
    recipe: RecipeName,
    data: DataRoot = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The run's folder; runs/RECIPE-N if absent.")
    ] = None,
    set_: Set = None,
    steps: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="End the run after N steps in all.")
    ] = None,
    profile: Annotated[
        bool,
        typer.Option("--profile", help="Tell in DIR/profile where the time of a step goes."),
    ] = False,
) -> None:
    """Train a recipe."""
    made, source = load_recipe(recipe, data, set_)
    from gan_zoo.checks.contracts import contracts

    wired = contracts(made, source)  # before torch is imported, so that mistakes are told at once
    from gan_zoo.training.run import train

    run_training(
        lambda: train(
            wired,
            out,
            name=source.name,
            source=source,
            steps=steps,
            report=False,
            profile=profile,
        )
    )


def run_training(go: Callable[[], RunFolder]) -> None:
    """Train, and say where the run lies, with its page, or why it stopped."""
    import torch

    from gan_zoo.report.writing import leave_report
    from gan_zoo.training.run import Interrupted, NonFinite

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the run hears it
    try:
        folder = go()
    except Interrupted as problem:
        for number in (signal.SIGINT, signal.SIGTERM):  # it ends by itself, with its own exit code
            signal.signal(number, signal.SIG_IGN)
        print(problem, file=sys.stderr)
        if problem.signal == signal.SIGINT:  # who sends SIGTERM waits for the end alone
            leave_report(problem.folder, print)
        sys.exit(1)
    except NonFinite as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except torch.OutOfMemoryError as problem:
        cure = "smaller data.batch or data.crop, or a smaller width; `gan-zoo check` estimates"
        print(f"The device's memory is full ({problem}). A cure: {cure}", file=sys.stderr)
        sys.exit(1)
    except OSError as problem:
        cure = "every checkpoint that was written is whole; gan-zoo resume goes on from the last"
        print(f"{format_os_error(problem)}. Once cured, {cure}", file=sys.stderr)
        sys.exit(1)
    signal.signal(signal.SIGTERM, before)
    print(f"Run: {folder.path}")
    if previews := sorted(folder.previews.glob("*.png"), key=lambda p: p.stat().st_mtime):
        print(f"Last preview: {previews[-1]}")
    leave_report(folder.path, print)
