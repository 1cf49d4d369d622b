"""gan-zoo new-plugin NAME --kind KIND"""

from __future__ import annotations

from typing import Annotated

import typer


def new_plugin(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Of the plugin; the package is gan-zoo-NAME.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="generator, discriminator, loss, condition, data, method, metric, callback or "
            "executor.",
        ),
    ],
) -> None:
    """Write a plugin to start your own from.

    ./gan-zoo-NAME is a whole package with one component of the kind, a recipe that uses it (of an
    executor an ablation), and tests, which pass at once.
    """
    from gan_zoo.registry.zoo import Zoo
    from gan_zoo.scaffold import templates
    from gan_zoo.scaffold.new_plugin import write

    folder = write(name, kind, Zoo.installed())
    brings = templates.component(kind)
    component = f"{name}/{brings.name}"
    print(f"{folder} brings the {kind} {component}, {brings.uses} that uses it, and tests. Next:")
    for line in (
        f"cd {folder}",
        "pip install -e .",
        "gan-zoo plugins",
        f"gan-zoo show {kind} {component}",
        "pytest",
        brings.tried(name),
    ):
        print(f"  {line}")
