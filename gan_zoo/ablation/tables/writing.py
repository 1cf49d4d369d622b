"""Writes the table beside its runs."""

from __future__ import annotations

from pathlib import Path

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.tables.latex import as_latex
from gan_zoo.ablation.tables.markdown import as_markdown
from gan_zoo.ablation.tables.records import as_csv, as_json
from gan_zoo.runs.atomic import write_files

WRITERS = {"md": as_markdown, "csv": as_csv, "json": as_json, "tex": as_latex}


def write_tables(folder: Path, table: Table) -> list[Path]:
    """Write table.md, table.csv, table.json and table.tex. Equal tables have equal bytes.

    Returns:
        The files.

    Raises:
        OSError: the disk is full or gone; names the file, and the old ones stay.
    """
    texts = {f"table.{ending}": write(table) for ending, write in WRITERS.items()}
    write_files(folder, texts)
    return [folder / name for name in texts]
