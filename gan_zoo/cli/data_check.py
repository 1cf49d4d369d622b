"""gan-zoo data check DIR|RECIPE."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.cli.options import AsJson, DataRoot, Set, load_recipe
from gan_zoo.components.paths import expand_user
from gan_zoo.errors import UserError

Named = Annotated[
    str, typer.Argument(metavar="DIR|RECIPE", help="A folder of pictures, or a recipe.")
]


def refuse_changes(subject: str, data: str | None, set_: list[str] | None) -> None:
    """Refuse changes of a recipe where a folder is named."""
    if expand_user(subject).is_dir() and (data is not None or set_):
        raise UserError(
            f"{subject} is a folder; --data and --set change a recipe, so name one in its place"
        )


def check(
    subject: Named,
    data: DataRoot = None,
    set_: Set = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw what is odd, and a few usual pairs, as a PNG."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at every pair before anything trains on it.

    Which layout was found and why, how many pairs, what was skipped; then what is suspicious, by
    file: shifted pairs, duplicates, empty pictures, targets in inputs. Exit code 2 where training
    would fail.
    """
    refuse_changes(subject, data, set_)
    from gan_zoo.cli.terminal.data_report import print_report
    from gan_zoo.components.at_hand import read_once
    from gan_zoo.data_tools.contact_sheet import draw_contact_sheet
    from gan_zoo.data_tools.drawing import save_picture
    from gan_zoo.data_tools.folder_check import check_data
    from gan_zoo.data_tools.subjects import find_subject

    with read_once():  # listed once, and headers read once
        found = find_subject(subject, lambda: load_recipe(subject, data, set_))
        report = check_data(found)
        drawn = None
        if sheet is not None:
            drawn = draw_contact_sheet(report.suspicions, found.splits, found.spec)
    if drawn is not None and sheet is not None:
        save_picture(drawn, sheet)
        report.sheet = str(sheet)
    if as_json:
        print(json.dumps(asdict(report), indent=2))
    else:
        print_report(report)
    if report.mistakes:
        sys.exit(2)
