"""Where an exported file goes, and that it can: known before anything long is done."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gan_zoo.errors import UserError
from gan_zoo.runs.fetching import HUB, split_name
from gan_zoo.runs.folder import RunFolder

FOLDER = "export"  # of a run, where files go that are given no name


def choose_path(run: RunFolder, suffix: str, out: str | Path | None, *, half: bool) -> Path:
    """Where the file goes.

    Args:
        run: What `open_model` opened.
        suffix: That its name ends in.
        out: As the user says; in the run if absent, or where that is not to be written to, here.
        half: As of `export`.

    Raises:
        UserError: its name says that it is something else, or here is such a folder.
    """
    if out is not None:
        path = Path(out)
        if path.suffix.lower() != suffix or path.is_dir():
            raise UserError(
                f"out: {path} came; the name of a file that ends in {suffix} was expected"
            )
        return path
    if run.shared is None:
        return run.path / FOLDER / f"{run.path.resolve().name}{'-half' * half}{suffix}"
    if Path().resolve().is_relative_to(run.path.resolve()):
        raise UserError(
            f"{run.shared.name} is not written to, and the working directory lies in it; out (on "
            f"the command line --out) says where the file goes"
        )
    return Path(f"{_name_of_shared(run.shared.name)}{'-half' * half}{suffix}")


def _name_of_shared(name: str) -> str:
    """What the user named, in a word."""
    if name.startswith(HUB):
        return split_name(name)[0].rpartition("/")[2]
    path = Path(name).resolve()
    return path.stem if path.is_file() else path.name


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A place beside a file, for what takes its name where all went well. Folders are made, and
    removed again where nothing came to lie in them.

    Args:
        path: The file.

    Raises:
        UserError: it cannot be written, at once or as it was: no permission, a full disk.
    """
    absent = [one for one in path.parents if not one.exists()]
    beside = path.parent / f".export-{path.name}"
    try:
        if path.parent.is_file():  # mkdir would say that it exists
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)  # of a process that was killed
        beside.mkdir()
        made = beside / path.name
        made.touch()
        yield made
        made.replace(path)
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror or problem}") from problem
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        for folder in absent:
            with suppress(OSError):  # what has something in it stays
                folder.rmdir()
