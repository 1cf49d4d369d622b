"""gan-zoo data split DIR|RECIPE."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.cli.data_check import Named, refuse_changes
from gan_zoo.cli.options import DataRoot, Set, load_recipe
from gan_zoo.cli.terminal.text import indent

SHOWN = 5  # groups that are named


def split(
    subject: Named,
    data: DataRoot = None,
    set_: Set = None,
    val: Annotated[float, typer.Option(metavar="SHARE", help="To judge by; 0 for none.")] = 0.1,
    test: Annotated[float, typer.Option(metavar="SHARE", help="To score in the end.")] = 0.1,
    seed: Annotated[int, typer.Option(metavar="N", help="Another one divides otherwise.")] = 0,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Keep samples together whose names match in the same text, as '^[^_]+'.",
        ),
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="SPLIT", help="Divide this one; others stay.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The table.")] = Path("splits.csv"),
) -> None:
    """Divide samples into splits by a table that names files.

    No file is moved. A number that follows from a sample's name decides, so that samples that come
    later change nothing. Samples that are alike stay together.
    """
    refuse_changes(subject, data, set_)
    from gan_zoo.components.at_hand import read_once
    from gan_zoo.data_tools.division import divide
    from gan_zoo.data_tools.subjects import data_section, open_named

    with read_once():  # recognized and opened by one listing
        spec, splits = open_named(subject, lambda: load_recipe(subject, data, set_))
    shares = {name: share for name, share in (("val", val), ("test", test)) if share}
    made = divide(spec, splits, out, shares=shares, seed=seed, by=by, only=only)
    print(f"{out}: {', '.join(f'{count} of {name}' for name, count in made.counts.items())}")
    for names in made.together[:SHOWN]:
        print(f"together: {', '.join(names)}")
    if len(made.together) > SHOWN:
        print(f"together: {len(made.together) - SHOWN} groups more")
    print("In a recipe")
    print(indent(data_section(made.spec)))
