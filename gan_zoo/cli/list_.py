"""gan-zoo list and gan-zoo plugins."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_zoo.cli.options import AsJson


def list_(
    kind: Annotated[
        str | None, typer.Argument(metavar="KIND", help="One kind only, `recipes` or `ablations`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List components, recipes and ablations."""
    from gan_zoo.cli.terminal.listing import print_list
    from gan_zoo.registry.zoo import Zoo

    print_list(Zoo.installed(), kind, as_json)


def plugins(as_json: AsJson = False) -> None:
    """List the installed plugins, and why one did not load."""
    from gan_zoo.cli.terminal.listing import print_plugins
    from gan_zoo.registry.zoo import Zoo

    print_plugins(Zoo.installed(), as_json)
