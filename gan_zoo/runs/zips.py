"""Zips of a run's folder, which anybody may have made: recipe, weights and styles are unpacked
into a folder of their own, and nothing that would lead out of it or fill the disk.

It is unpacked and not read in memory since tensors are read from files, piece by piece; into a
folder that goes with the model and not into a cache, where it would outlive the zip for ever.
"""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from gan_zoo.errors import UserError, first_line, unreadable
from gan_zoo.runs.folder import WEIGHTS
from gan_zoo.runs.published import CONFIG, TENSORS
from gan_zoo.runs.shared import Shared

RECIPE = "recipe.yaml"
TOP = (RECIPE, "plugins.json", CONFIG, TENSORS)  # of a run and of a hub's layout
FOLDERS = (WEIGHTS, "styles")
PIECE = 2**20  # bytes that are unpacked at once
TEXT = 2**24  # bytes of a recipe or a JSON file; the longest recipe has some thousands
RATIO = 100  # unpacked bytes to one of the zip; weights are about 1, and deflate's most is 1032
SPARED = 2**20  # bytes that any zip may hold
ENCRYPTED = 0x1


def unpack(path: Path, shared: Shared) -> Path:
    """Unpack the recipe, weights and styles of a zip that holds a run, or a folder of a hub's
    layout, at its top, in the one folder there, or in the one folder anywhere. Logs, previews and
    the state of training stay in it; only the recipe tells which weights make pictures.

    Args:
        path: The zip.
        shared: Holds what is unpacked.

    Returns:
        The folder.

    Raises:
        UserError: it is no zip, holds no run or several, is damaged or encrypted, or holds what no
            zip of a run does: links, paths that lead out of it, more than it could hold; or the
            disk is full or does not take it.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
            _refuse_hostile(path, entries)
            folder = _find_run(path, entries)
            wanted = _wanted(path, folder, entries)
            target = shared.make_folder() / (path.stem or "run")
            for name, entry in wanted.items():
                _write(packed, entry, target / name)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as problem:
        raise UserError(f"{path} is no zip, or is damaged: {first_line(problem)}") from None
    except (RuntimeError, UnicodeError) as problem:  # encrypted, or by no method known here
        told = "is packed in a way that cannot be read"
        raise UserError(f"{path} {told} ({first_line(problem)}); zip the run anew") from None
    except OSError as problem:
        if problem.errno is None:  # bzip2's word for what it cannot read
            told = f"{path} is no zip, or is damaged: {first_line(problem)}"
        elif problem.filename == str(path):
            told = unreadable(problem)
        else:
            cure = "TMPDIR names another folder than the system's own for what is unpacked"
            told = f"{path} cannot be unpacked ({problem.strerror}); {cure}"
        raise UserError(told) from None
    return target


def _refuse_hostile(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Nothing of a zip is unpacked if anything in it is wrong."""
    cure = "it is no zip of a run as zip programs make them, and nothing of it was unpacked"
    seen: set[str] = set()
    files = {_plain(entry.filename) for entry in entries if not entry.is_dir()}
    for entry in entries:
        name = entry.filename
        if _leads_out(name) or _leads_out(entry.orig_filename):
            raise UserError(f"{path}: {name!r} leads out of the folder it is unpacked into; {cure}")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UserError(f"{path}: {name} is a link; {cure}")
        if (plain := _plain(name)) in seen:
            raise UserError(f"{path}: {name} is in it twice; {cure}")
        seen.add(plain)
        if both := files & {str(folder) for folder in PurePosixPath(plain).parents}:
            raise UserError(f"{path}: {both.pop()} is a file in it and a folder; {cure}")


def _plain(name: str) -> str:
    """A path as file systems know it that take A for a."""
    return str(PurePosixPath(name)).casefold()


def _leads_out(name: str) -> bool:
    """Whether a path is absolute to any system, climbs, or names what is no file."""
    there = (PurePosixPath(name), PureWindowsPath(name))
    away = any(one.is_absolute() or one.drive or one.root or ".." in one.parts for one in there)
    return away or "\\" in name or ":" in name or "\0" in name


def _find_run(path: Path, entries: list[zipfile.ZipInfo]) -> PurePosixPath:
    """The folder in a zip that holds a recipe: its top, else the one folder there, else the one
    folder that does anywhere, as `zip -r mine.zip runs/mine` packs it.
    """
    recipes = [PurePosixPath(e.filename) for e in entries if e.filename.endswith(RECIPE)]
    anywhere = [one.parent for one in recipes if one.name == RECIPE]
    folders = [one for one in anywhere if len(one.parts) <= 1] or anywhere
    if PurePosixPath() in folders:
        return PurePosixPath()
    if len(folders) == 1:
        return folders[0]
    if not folders:
        raise UserError(
            f"{path} is no zip of a run: no folder in it holds a {RECIPE}; zip the folder of a run"
        )
    names = ", ".join(sorted(map(str, folders)))
    raise UserError(f"{path} holds {len(folders)} runs ({names}); unpack it and name one of them")


def _wanted(
    path: Path, folder: PurePosixPath, entries: list[zipfile.ZipInfo]
) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Path in the run -> entry, of the recipe, the weights and the styles.

    Raises:
        UserError: they would be more than such a zip holds, or are encrypted.
    """
    found = {}
    for entry in entries:
        name = PurePosixPath(entry.filename)
        if entry.is_dir() or not name.is_relative_to(folder):
            continue
        name = name.relative_to(folder)
        if str(name) in TOP or (len(name.parts) > 1 and name.parts[0] in FOLDERS):
            found[name] = entry
    for name, entry in found.items():
        if entry.flag_bits & ENCRYPTED:
            raise UserError(f"{path}: {name} is encrypted; unpack it, and name the folder")
        if name.suffix != ".safetensors" and entry.file_size > TEXT:
            told = f"{name} would have {entry.file_size:,} bytes"
            raise UserError(f"{path}: {told}; of such a file at most {TEXT:,} are read")
    most = max(SPARED, RATIO * path.stat().st_size)
    if (total := sum(entry.file_size for entry in found.values())) > most:
        raise UserError(
            f"{path} would unpack to {total:,} bytes, over {RATIO} times its own; weights never "
            "shrink like that, so nothing of it was unpacked"
        )
    return found


def _write(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Unpack one entry; zipfile reads no more of it than its size says, and checks its sum."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(entry) as source, target.open("wb") as file:
        while piece := source.read(PIECE):
            file.write(piece)
