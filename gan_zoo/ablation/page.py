"""The page of an ablation: one file that needs nothing else, made of the pieces of a run's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.pages.forest import show_forest
from gan_zoo.ablation.pages.pictures import first_look, make_board
from gan_zoo.ablation.pages.rows import show_table
from gan_zoo.ablation.pages.verdict import (
    describe_progress,
    describe_verdict,
    list_failures,
    list_findings,
)
from gan_zoo.ablation.pages.world import show_variants, show_world
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.results import Result
from gan_zoo.ablation.table import Table
from gan_zoo.ablation.table_making import read_table
from gan_zoo.ablation.tables.footers import describe_chance
from gan_zoo.errors import first_line
from gan_zoo.report.boards import board_data, show_board
from gan_zoo.report.closer_look import show_closer_look
from gan_zoo.report.document import make_document, read_asset
from gan_zoo.report.markup import Html, data_script, tag
from gan_zoo.report.writing import NAME, write_document

UNSCRIPTED = "Without scripts the pictures are those of the first variant."
NO_PICTURES = (
    "There are no pictures: no run is done, or the recipe lists no callback that writes previews."
)


def write_page(folder: Path, plan: Plan, table: Table, results: Mapping[str, Result]) -> Path:
    """Write report.html in the folder of an ablation.

    Args:
        folder: The ablation's.
        plan: What was asked for.
        table: What came out.
        results: Key -> what a finished run came to.

    Raises:
        UserError: it cannot be written; names the file.
    """
    return write_document(folder / NAME, make_page(folder, plan, table, results))


def report_ablation(path: Path, out: Path | None = None) -> Path:
    """Write the page of an ablation from its folder alone.

    Args:
        path: The folder.
        out: The file; report.html in the folder if absent.

    Raises:
        UserError: it is no ablation, something in it is damaged, or the page cannot be written.
    """
    folder = AblationFolder.open(path)
    page = make_page(path, folder.plan(), read_table(folder), folder.results())
    return write_document(out or path / NAME, page)


def leave_page(folder: AblationFolder, say: Callable[[str], None]) -> None:
    """Write the page at the end of a command, and tell where it is. It only shows what is saved: if
    it fails, that is told in one line, and nothing is lost.

    Args:
        folder: The ablation's.
        say: Whom to tell.
    """
    try:
        say(f"Report: {report_ablation(folder.path)}")
    except Exception as problem:
        told = f"The page could not be written: {first_line(problem)}"
        say(f"{told}; gan-zoo report {folder.path} tries again")


def make_page(folder: Path, plan: Plan, table: Table, results: Mapping[str, Result]) -> str:
    """The page, as HTML; equal folders give equal pages."""
    opened, board = AblationFolder(folder), make_board(folder, plan, table)
    pictures = tag("p", NO_PICTURES) if board is None else show_board(board)
    boards = [] if board is None else [board_data(board)]
    return make_document(
        table.name,
        {
            "In one look": [
                tag("p", table.about) if table.about else None,
                tag("p", describe_verdict(table), class_="verdict"),
                list_findings(table) if table.columns else None,
                tag("p", f"{describe_progress(table)} {describe_chance(table)}".strip()),
                list_failures(table),
                first_look(board, plan),
            ],
            "Table": show_table(table),
            "Differences": show_forest(table),
            "Pictures": pictures,
            "Variants": show_variants(opened, plan),
            "World": show_world(opened, plan, results),
        },
        unscripted=UNSCRIPTED,
        source="the ablation's folder",
        after=[
            show_closer_look() if board else None,
            data_script("boards", boards),
            tag("script", Html(read_asset("boards.js"))),
        ],
        styles=read_asset("page.css", "gan_zoo.ablation.pages"),
    )
