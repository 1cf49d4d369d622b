"""gan-zoo import DIR."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.cli.options import DataRoot, Set, load_recipe, parse_changes


def import_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds NAME_net_G.pth and so on.")],
    out: Annotated[Path, typer.Option(metavar="RUN", help="The run's folder, to be made.")],
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE",
            help="What the networks were trained with; read off the files if absent.",
        ),
    ] = None,
    data: DataRoot = None,
    set_: Set = None,
) -> None:
    """Make a run's folder of published checkpoints."""
    if recipe is not None:
        made, source = load_recipe(recipe, data, set_)
        from gan_zoo.checks.contracts import contracts

        contracts(made, source)
        from gan_zoo.importer import import_run

        lines = import_run(folder, made, out, source)
    else:
        from gan_zoo.importer import import_unknown

        lines = import_unknown(folder, out, parse_changes(data, set_))
    for line in lines:
        print(line)
