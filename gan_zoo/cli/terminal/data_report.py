"""A look at a folder of pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gan_zoo.cli.terminal.text import indent, print_rows

if TYPE_CHECKING:
    from gan_zoo.data_tools.folder_check import DataReport
    from gan_zoo.data_tools.suspicions import Suspicion


def print_report(report: DataReport) -> None:
    """Layout, pairs, what is odd, and the lines of a recipe; files as seen from here."""
    print(f"{report.name} is read by {report.layout}\n")
    for split, told in report.splits.items():
        sizes = ", ".join(f"{count} of {size}" for size, count in report.sizes[split].items())
        print_rows(
            [[split, _from_here(told)], ["", f"read as {sizes or 'nothing'} (height x width)"]]
        )
    print_rows([[name, holds] for name, holds in report.maps.items()])
    if report.example:
        files = report.example["files"]
        assert isinstance(files, list)
        print(f"  for example {report.example['name']}: {_from_here(', '.join(files))}")
    for title, lines in (("Notes", report.notes), ("Training would fail", report.mistakes)):
        if lines:
            print(f"\n{title}")
            print_rows([[_from_here(line)] for line in lines])
    print("\nSuspicious")
    print_rows([[line] for line in map(_line, report.suspicions)] or [["nothing"]])
    if report.sheet:
        print(f"\nDrawn: {report.sheet}")
    print("\nIn a recipe")
    print(indent(report.section))


def _line(one: Suspicion) -> str:
    files = f" ({', '.join(one.files)})" * bool(one.files)
    return _from_here(f"{one.kind}: {one.at}: {one.told}{files}")


def _from_here(text: str) -> str:
    """Paths below the working directory without it."""
    return text.replace(f"{Path.cwd()}{os.sep}", "")
