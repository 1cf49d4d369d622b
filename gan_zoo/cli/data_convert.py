"""gan-zoo data convert RECIPE DIR."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_zoo.cli.options import DataRoot, RecipeName, Set, load_recipe
from gan_zoo.cli.terminal.text import indent

if TYPE_CHECKING:
    from gan_zoo.components.data import DataSpec

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Is made; empty if it is there.")]


def convert(
    recipe: RecipeName,
    folder: Folder,
    to: Annotated[str, typer.Option(metavar="NAME", help="Whose layout: gan-zoo list data.")],
    data: DataRoot = None,
    set_: Set = None,
) -> None:
    """Write a recipe's data as files in another layout.

    All splits, as an evaluation reads them: by the size rule of the recipe, without augmentation.
    Every file is read back and compared.
    """
    made, _ = load_recipe(recipe, data, set_)
    from gan_zoo.data_tools import conversion
    from gan_zoo.data_tools.subjects import find_writer, open_splits

    splits = open_splits(made)
    written = conversion.convert(made.data, splits, folder, find_writer(to))
    print_written(folder, {split: len(each) for split, each in splits.items()}, written)


def print_written(folder: Path, counts: dict[str, int], written: DataSpec) -> None:
    """What was written, and the lines of a recipe that read it."""
    from gan_zoo.data_tools.subjects import data_section

    told = ", ".join(f"{count} of {split}" for split, count in counts.items())
    print(f"{folder}: {told}; read back and equal. In a recipe")
    print(indent(data_section(written)))
