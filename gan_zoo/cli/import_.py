"""gan-zoo import DIR."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.cli.options import DataRoot, Set, load


def import_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds NAME_net_G.pth and so on.")],
    recipe: Annotated[
        str, typer.Option(metavar="RECIPE", help="What the networks were trained with.")
    ],
    out: Annotated[Path, typer.Option(metavar="RUN", help="The run's folder, to be made.")],
    data: DataRoot = None,
    set_: Set = None,
) -> None:
    """Make a run's folder of published checkpoints."""
    made, source = load(recipe, data, set_)
    from gan_zoo.check import contracts

    contracts(made, source)
    from gan_zoo.importer import import_run

    for line in import_run(folder, made, out, source):
        print(line)
