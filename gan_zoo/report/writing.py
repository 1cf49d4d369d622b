"""Writing a page where it belongs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from gan_zoo.errors import UserError, first_line
from gan_zoo.report.page import make_page
from gan_zoo.report.run_view import read_runs
from gan_zoo.runs.atomic import write_file

NAME = "report.html"
LONGEST = 120  # letters of a page's name that is made of those of runs


def write_report(runs: Sequence[str | Path], out: str | Path | None = None) -> Path:
    """Write the page of a run, or the one that compares several.

    Args:
        runs: Their folders.
        out: The file; for one run RUN/report.html if absent, for several NAME1-NAME2.html beside
            the first of them.

    Raises:
        UserError: one is no run, or the file cannot be written.
    """
    paths = [Path(run) for run in runs]
    if not paths:
        raise UserError("no run came; name one, or several to compare")
    views = read_runs(paths)
    return write_document(Path(out) if out is not None else default_name(paths), make_page(views))


def write_document(target: Path, page: str) -> Path:
    """Write a page where it belongs.

    Raises:
        UserError: it cannot be written.
    """
    if target.is_dir():
        raise UserError(f"{target} is a folder; name a file in it, as {target / NAME}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, page)
    except OSError as problem:
        raise UserError(f"{target} cannot be written: {problem.strerror or problem}") from None
    return target


def leave_report(run: Path, say: Callable[[str], None]) -> None:
    """Write the page of a run that has ended, and tell where it is. It only shows what is saved: if
    it fails, that is told in one line, and the run is as good as before.

    Args:
        run: Its folder.
        say: Whom to tell.
    """
    try:
        say(f"Report: {write_report([run])}")
    except Exception as problem:
        told = f"The report could not be written: {first_line(problem)}"
        say(f"{told}; gan-zoo report {run} tries again")


def default_name(paths: Sequence[Path]) -> Path:
    """Where a page goes unless somebody says so."""
    if len(paths) == 1:
        return paths[0] / NAME
    names = "-".join(path.resolve().name for path in paths)
    return paths[0].resolve().parent / f"{re.sub(r'[^A-Za-z0-9._-]', '_', names)[:LONGEST]}.html"
