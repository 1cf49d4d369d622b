"""gan-zoo run RECIPE."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_zoo.cli.options import DataRoot, RecipeName, Set, load, told

if TYPE_CHECKING:
    from gan_zoo.engine.rundir import RunDir


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
) -> None:
    """Train a recipe."""
    made, source = load(recipe, data, set_)
    from gan_zoo.check import contracts

    contracts(made, source)  # again in `train`, but here before torch is imported
    from gan_zoo.engine.run import train

    training(lambda: train(made, out, name=source.name, source=source, steps=steps))


def training(go: Callable[[], RunDir]) -> None:
    """Train, and say where the run lies or why it stopped."""
    import torch

    from gan_zoo.engine.run import Interrupted, NonFinite

    try:
        folder = go()
    except (Interrupted, NonFinite) as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except torch.OutOfMemoryError as problem:
        cure = "smaller data.batch or data.crop, or a smaller width; `gan-zoo check` estimates"
        print(f"The device's memory is full ({problem}). A cure: {cure}", file=sys.stderr)
        sys.exit(1)
    except OSError as problem:
        cure = "every checkpoint that was written is whole; gan-zoo resume goes on from the last"
        print(f"{told(problem)}. Once cured, {cure}", file=sys.stderr)
        sys.exit(1)
    print(f"Run: {folder.path}")
    if previews := sorted(folder.previews.glob("*.png"), key=lambda p: p.stat().st_mtime):
        print(f"Last preview: {previews[-1]}")
