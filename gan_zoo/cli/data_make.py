"""gan-zoo data make NAME DIR."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gan_zoo.cli.data_convert import Folder, print_written
from gan_zoo.errors import UserError

OPEN: dict[str, Any] = {"allow_extra_args": True, "ignore_unknown_options": True}


def make(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Data that needs no files, as scenes.")
    ],
    folder: Folder,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Whose layout; the first that holds such maps if absent."
        ),
    ] = None,
) -> None:
    """Write data that needs no files as a folder of them.

    Any option of the data may follow, as it stands in a recipe: --theme street --size "[128, 128]"
    --samples "[100, 10, 10]" --seed 1; gan-zoo show data NAME lists them.
    """
    from gan_zoo.data_tools import conversion
    from gan_zoo.data_tools.subjects import data_of, find_writer, open_usual

    spec = data_of(name, _options(context.args))
    if "root" in type(spec).model_fields:
        raise UserError(
            f"{name} reads files; gan-zoo data convert RECIPE DIR --to NAME writes them anew"
        )
    splits = open_usual(spec)
    if to is None:
        written = conversion.write_anywhere(spec, splits, folder)
    else:
        written = conversion.convert(spec, splits, folder, find_writer(to))
    print_written(folder, {split: len(each) for split, each in splits.items()}, written)


def _options(words: list[str]) -> dict[str, Any]:
    """`--option value` and `--option=value` -> option: value, which is YAML."""
    from gan_zoo.recipe.source import parse_set

    assignments, waiting = [], ""
    for word in words:
        if waiting:
            assignments.append(f"{waiting}={word}")
            waiting = ""
        elif not word.startswith("--"):
            raise UserError(f"{word} came; options of the data are written --option value")
        elif "=" in word:
            assignments.append(word[2:])
        else:
            waiting = word[2:]
    if waiting:
        raise UserError(f"--{waiting}: no value came")
    return {key.replace("-", "_"): value for key, value in parse_set(assignments).items()}
