"""gan-zoo init DIR."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.errors import UserError


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds your pictures.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The recipe, to be written; NAME-OF-DIR.yaml if absent."),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE", help="The recipe to extend; chosen by what is found if absent."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
) -> None:
    """Write a recipe that trains on a folder.

    What is found in the folder is said: layout, samples, sizes. Every line of the recipe says its
    reason.
    """
    from gan_zoo.cli.terminal.text import print_rows
    from gan_zoo.data_tools.drafting import file_name, first_recipe
    from gan_zoo.runs.atomic import write_file

    path = out or Path(file_name(folder))
    _refuse(path, like, force=force)
    made = first_recipe(folder, like, path.parent)
    write_file(path, made.text)
    print(f"{folder}")
    print_rows(made.found)
    print(f"{path} extends {made.base}. Next:")
    word = shlex.quote(str(path))
    for line in (f"gan-zoo check {word}", f"gan-zoo data preview {word}", f"gan-zoo run {word}"):
        print(f"  {line}")


def _refuse(path: Path, like: str | None, *, force: bool) -> None:
    """Refuse a file that is there, a folder that is not, and a recipe that would extend itself."""
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file: --out {path / 'mine.yaml'}")
    if not path.parent.is_dir():
        raise UserError(f"there is no folder {path.parent} to write {path.name} into")
    if path.exists() and like and Path(like).exists() and path.samefile(like):
        raise UserError(f"{path} would extend itself; name another file: --out FILE")
    if path.exists() and not force:
        raise UserError(
            f"{path} is there already; --out FILE takes another name, --force replaces it"
        )
