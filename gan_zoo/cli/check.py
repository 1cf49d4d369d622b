"""gan-zoo check RECIPE."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from gan_zoo.cli.options import AsJson, DataRoot, RecipeName, Set, load_recipe


def check(
    recipe: RecipeName,
    data: DataRoot = None,
    set_: Set = None,
    ready: Annotated[
        bool, typer.Option("--ready", help="Exit with 2 if a run would still need something.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge a recipe before it trains.

    The contracts, a rehearsal of every phase that takes no memory, and the data at hand.
    """
    made, source = load_recipe(recipe, data, set_)
    from gan_zoo.checks import check as judge
    from gan_zoo.cli.terminal.results import check_as_data, print_check

    report = judge(made, source)
    if as_json:
        print(json.dumps(check_as_data(report), indent=2))
    else:
        print_check(report)
    absent = made.data.missing() if data is not None else []
    if absent:  # a path given by hand is meant to be there
        print(f"--data {data}: {absent[0]}", file=sys.stderr)
    if report.mistakes or absent or (ready and report.needed):
        sys.exit(2)
