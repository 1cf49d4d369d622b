"""The file that a cell of a table names."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path, PureWindowsPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class Meant(NamedTuple):
    """The file that a cell means.

    Args:
        path: The file.
        text: Its path as it was read.
        told: What in it was read otherwise than it stands; empty where nothing was.
    """

    path: Path
    text: str
    told: str


def find_file(cell: str, folders: Sequence[Path]) -> Meant | None:
    """The file that is meant, if it is there.

    Args:
        cell: A path, or a `file://` address.
        folders: Where paths start from: the first in which the file is.
    """
    for text, told in _readings(cell):
        for number, folder in enumerate(folders):
            path = os.path.join(folder, text)
            if os.path.isfile(path):  # false for what is no name to the system
                told = told or f"paths start from {folder}" * (number > 0)
                return Meant(Path(path), text, told)
    return None


def describe_absence(cell: str, folders: Sequence[Path], *, look: bool = True) -> str:
    """Why a cell names no file, and what is like it; that is looked for where few are told."""
    where = " or ".join(dict.fromkeys(map(str, folders)))
    if ADDRESS.match(cell) and not cell.lower().startswith("file://"):
        return f"{cell} is an address in a network; download the files and write their paths"
    if DRIVE.match(cell) and not Path(cell).is_absolute():
        within = PureWindowsPath(cell).name
        return f"{cell} is a path of Windows; write paths that start from {where}, as {within}"
    *_, (text, _) = _readings(cell.replace("\\", "/"))
    path = folders[0] / text
    try:
        if path.is_dir():
            return f"{path} is a folder; write the path of a file"
    except (OSError, ValueError):
        return f"{cell[:60]!r}... is no path; write the path of a file"
    told = f"there is no file {path}; paths start from {where}"
    if "%" in cell and find_file(unquote(cell), folders):
        return f"{told}. There is {unquote(cell)}: write signs as they are, without %"
    like = _alike(path) if look else ""
    return f"{told}. Did you mean {like}?" if like else told


def _readings(cell: str) -> Iterator[tuple[str, str]]:
    """The ways to read a cell, the plain one first."""
    if cell.lower().startswith("file://"):
        yield url2pathname(urlsplit(cell).path), ""
        return
    yield cell, ""
    if "\\" in cell:
        yield cell.replace("\\", "/"), "backslashes are read as /"
    if not cell.isascii():
        for form in ("NFC", "NFD"):
            yield unicodedata.normalize(form, cell), "accents are read as the files have them"


def _alike(path: Path) -> str:
    """A name beside the path that differs in letter case alone, or in what it ends in."""
    try:
        names = [one.name for one in path.parent.iterdir()]
    except OSError:
        return ""
    same = [name for name in names if name.casefold() == path.name.casefold()]
    stem = path.stem.casefold()
    return min(same or [name for name in names if Path(name).stem.casefold() == stem], default="")
