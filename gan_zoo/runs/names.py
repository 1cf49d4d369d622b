"""Where a new run may lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gan_zoo.errors import UserError


def next_free_name(parent: Path, name: str) -> Path:
    """`parent/name-N` with the first N above all that are taken."""
    taken = [
        int(match[1])
        for folder in (parent.iterdir() if parent.is_dir() else ())
        if (match := re.fullmatch(rf"{re.escape(name)}-(\d+)", folder.name))
    ]
    return parent / f"{name}-{max(taken, default=0) + 1}"


@contextmanager
def take_folder(parent: Path, name: str) -> Iterator[Path]:
    """`parent/name-N` with the first N above all that are taken. It is made when it is chosen, so
    that no run that starts at the same time chooses it too, and removed where the run cannot start.

    Raises:
        UserError: it cannot be made.
    """
    alone = not parent.exists()
    while True:
        path = next_free_name(parent, name)
        try:
            path.mkdir(parents=True)
            break
        except FileExistsError:
            continue  # another run has just taken it
        except OSError as problem:
            raise UserError(f"{path} cannot be written: {problem.strerror or problem}") from None
    try:
        yield path
    except BaseException:
        with suppress(OSError):  # what has something in it stays
            path.rmdir()
            if alone:
                parent.rmdir()
        raise


def refuse_existing(path: Path) -> None:
    """A run never writes into a folder that holds something.

    Raises:
        UserError: says how to go on with what is there.
    """
    if (path / "recipe.yaml").exists():
        raise UserError(f"{path} exists; to go on with it: gan-zoo resume {path}")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"{path} exists and is no run; name another folder, or remove it")
