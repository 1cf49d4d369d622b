"""Words that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from gan_zoo.recipe.recipe import Recipe
    from gan_zoo.recipe.source import Source


RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A file, or a name: gan-zoo list recipes.")
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
Model = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="The folder of a run, a zip of one, a pushed folder, or hub:OWNER/NAME."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value, as generator.width=32."),
]
DataRoot = Annotated[
    str | None, typer.Option("--data", metavar="DIR", help="Short for --set data.root=DIR.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print data for scripts.")]
SetPictures = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change how pictures are made, as inference.dropout=false.",
    ),
]
Weights = Annotated[
    str | None, typer.Option(metavar="NAME", help="latest or best; else as the recipe says.")
]
Numbers = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="auto, float64, float32, bfloat16 or float16; else as the recipe says.",
    ),
]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.")]


def load_recipe(recipe: str, data: str | None, set_: list[str] | None) -> tuple[Recipe, Source]:
    """A recipe with its changes, and where each value came from."""
    from gan_zoo.recipe.recipe import Recipe, read_source
    from gan_zoo.recipe.validation import parse

    source = read_source(recipe, set=parse_changes(data, set_))
    return parse(Recipe, source), source


def parse_changes(data: str | None, set_: list[str] | None) -> dict[str, Any]:
    """What --set and --data say, by dotted path."""
    from gan_zoo.recipe.source import parse_set

    changes = parse_set(set_ or [])
    if data is not None:
        if "data.root" in changes:
            raise UserError("--data and --set data.root came, which say the same; give one of them")
        changes["data.root"] = data
    return changes


def format_os_error(problem: OSError) -> str:
    """An error of the system with the file that it is about."""
    if problem.filename is None:
        return str(problem.strerror or problem)
    return f"{problem.filename}: {problem.strerror or problem}"
