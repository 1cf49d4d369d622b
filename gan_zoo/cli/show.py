"""gan-zoo show RECIPE, and gan-zoo show KIND NAME."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.cli.options import AsJson, Set, load_recipe
from gan_zoo.errors import UserError


def show(
    what: Annotated[str, typer.Argument(metavar="RECIPE | KIND", help="What to show.")],
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A component of that kind.")
    ] = None,
    set_: Set = None,
    origins: Annotated[
        bool, typer.Option("--origins", help="Say where each value of a recipe came from.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a recipe, or KIND NAME: what a component can do.

    A recipe is shown as it resolves, every default written out.
    """
    from gan_zoo.cli.terminal.component import print_component
    from gan_zoo.cli.terminal.results import print_recipe
    from gan_zoo.components.kinds import KINDS
    from gan_zoo.registry.zoo import Zoo

    if name is not None:
        if set_ or origins or as_json:
            raise UserError("--set, --origins and --json are for recipes, not for components")
        print_component(Zoo.installed(), what, name)
        return
    zoo = Zoo.installed()
    if not Path(what).is_file() and what not in zoo.recipes():
        if what in KINDS:
            raise UserError(f"{what} is a kind; to show one: gan-zoo show {what} NAME")
        if kinds := [kind for kind in KINDS if what in zoo.claims(kind)]:
            shown = " or ".join(f"gan-zoo show {kind} {what}" for kind in kinds)
            raise UserError(f"{what} is a component; to show it: {shown}")
    if origins and as_json:
        raise UserError("--origins and --json exclude each other; give one of them")
    made, source = load_recipe(what, None, set_)
    print_recipe(made, source if origins else None, as_json=as_json)
