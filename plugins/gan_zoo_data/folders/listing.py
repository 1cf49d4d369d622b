"""The pictures in a folder: what counts, what is passed over, and what has no place there."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from gan_zoo.components import DataError, printable, progress, remembered, unreadable
from gan_zoo_data.files.pictures import EXTENSIONS

# What file managers, systems and network disks leave between pictures; compared in lower case.
CLUTTER = frozenset(
    {".ds_store", ".directory", ".localized", ".nomedia", "desktop.ini", "ehthumbs.db"}
    | {"ehthumbs_vista.db", "icon\r", "picasa.ini", ".picasa.ini", "thumbs.db"}
    | {"thumbs.db:encryptable", "zbthumbnail.info", ".gitignore", ".gitkeep", ".gitattributes"}
)
CLUTTER_FOLDERS = frozenset(
    {"@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", ".@__thumb", ".@__qini"}
    | {".appledouble", ".appledb", ".appledesktop", "__macosx", ".spotlight-v100", ".trashes"}
    | {".fseventsd", ".temporaryitems", ".documentrevisions-v100", "network trash folder"}
    | {"temporary items", "lost+found", ".thumbnails", ".thumbs", ".xvpics", ".comments"}
    | {
        ".ipynb_checkpoints",
        "__pycache__",
        ".git",
        ".svn",
        ".hg",
        ".dvc",
        ".cache",
        ".picasaoriginals",
    }
    | {"$recycle.bin", "recycler", "system volume information", ".snapshot", ".zfs"}
)
CLUTTER_STARTS = ("._", ".trash-", ".smbdelete", ".nfs", ".fuse_hidden", ".~lock.")
SHOWN = 10


@dataclass(frozen=True)
class Listing:
    """The pictures in a folder, sorted by path.

    Args:
        folder: The folder.
        files: Path in the folder without suffix -> file.
        wrong: One message for each file that has no place here.
        strangers: The same of files that are no pictures: path in the folder -> message.
        skipped: Names of clutter that file managers left; folders end in a slash.
        links: Folders that were not entered again, and why; a clause each.
        left: Files of other endings that were left alone, by their paths without suffix.
    """

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    strangers: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    left: frozenset[str] = frozenset()

    @property
    def mistakes(self) -> list[str]:
        """One message for each file that has no place here, or for the lack of any."""
        found = sorted([*self.wrong, *self.strangers.values()])
        if not self.files and not found:
            found = [f"{self.folder} has no pictures in it ({' '.join(EXTENSIONS)})"]
        return found

    def only(self, wanted: Callable[[str], bool]) -> Listing:
        """The listing of the files whose names without suffix are wanted; others are left alone."""
        files = {stem: path for stem, path in self.files.items() if wanted(stem)}
        strangers = {
            name: told for name, told in self.strangers.items() if wanted(os.path.splitext(name)[0])
        }
        left = {*self.left, *(self.files.keys() - files), *(self.strangers.keys() - strangers)}
        return replace(self, files=files, strangers=strangers, left=frozenset(left))


def list_pictures(folder: Path) -> Listing:
    """List a folder and the folders in it; once while the data stands still."""
    return remembered(f"listing of {folder}", lambda: _list(folder))


def _list(folder: Path) -> Listing:
    found = Listing(folder)
    for place, inside in _walk(folder, found):
        stem, suffix = os.path.splitext(inside)
        name = inside.rpartition("/")[2]
        if _is_clutter(name, CLUTTER):
            found.skipped.append(name)
        elif codes := _control_codes(inside):
            shown = printable(inside).replace("\n", r"\n").replace("\t", r"\t")
            found.wrong.append(f"{folder}/{shown} has {codes} in its name; rename it")
        elif name.startswith(".") or "/." in inside or inside.startswith("."):
            found.wrong.append(f"{place} is hidden; move it out of {folder}")
        elif suffix.lower() not in EXTENSIONS:
            found.strangers[inside] = (
                f"{place} is not a picture ({' '.join(EXTENSIONS)}); move it out of {folder}"
            )
        elif stem in found.files:
            found.wrong.append(
                f"{place} and {found.files[stem]} have one name; take one out, or rename it"
            )
        else:
            found.files[stem] = Path(place)
    return found


def refuse_mistakes(mistakes: list[str]) -> None:
    """Raise what is wrong, as much as fits on a screen.

    Raises:
        DataError: there are mistakes.
    """
    if mistakes:
        more = len(mistakes) - SHOWN
        rest = [f"and {more} more; `gan-zoo check` lists all"] if more > 0 else []
        raise DataError("\n".join(mistakes[:SHOWN] + rest))


def passed_over(*listings: Listing) -> list[str]:
    """What was passed over and why, a clause each."""
    names = [name for found in listings for name in found.skipped]
    told = []
    if names:
        folders = sum(name.endswith("/") for name in names)
        counts = [
            f"{count} {what}{'s' * (count != 1)}"
            for what, count in (("file", len(names) - folders), ("folder", folders))
            if count
        ]
        kinds = sorted(set(names))
        more = ", ..." * (len(kinds) > SHOWN)
        shown = f"{', '.join(kinds[:SHOWN])}{more}"
        told.append(f"skipped {' and '.join(counts)} of the system ({shown})")
    if left := sum(len(found.left) for found in listings):
        told.append(f"left alone {left} file{'s' * (left != 1)} whose names end otherwise")
    return [*told, *dict.fromkeys(clause for found in listings for clause in found.links)]


def name_skipped(*listings: Listing) -> str:
    """The same behind a description; empty where nothing was passed over."""
    return "".join(f"; {clause}" for clause in passed_over(*listings))


def list_content(root: Path) -> str:
    """What a folder holds, for messages."""
    names = sorted(f"{path.name}/" if path.is_dir() else path.name for path in root.iterdir())
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join(names[:SHOWN] + more) or "nothing in it"


def list_folders(folder: Path) -> list[Path]:
    """The folders in a folder that may hold data, sorted; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return remembered(f"folders in {folder}", lambda: _folders(folder))


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:  # which tells folders from files without asking again
        names = [entry.name for entry in entries if entry.is_dir()]
    return sorted(folder / name for name in names if not _is_clutter(name, CLUTTER_FOLDERS))


def holds_pictures(folder: Path) -> bool:
    """Whether pictures lie in a folder itself."""
    return any(path.suffix.lower() in EXTENSIONS for path in folder.iterdir())


def no_folder(root: Path) -> str:
    """What is told where the root is none."""
    if root.exists():
        return f"{root} is a file; name the folder that holds the splits with --data DIR"
    return f"there is no folder {root}; name yours with --data DIR"


def _is_clutter(name: str, known: frozenset[str]) -> bool:
    name = name.lower()
    return name in known or name.startswith(CLUTTER_STARTS)


def _control_codes(name: str) -> str:
    """The control codes in a name, which a terminal would obey."""
    codes = [letter for letter in name if unicodedata.category(letter) == "Cc"]
    named = ", ".join(dict.fromkeys(ascii(code)[1:-1] for code in codes))
    return f"the control code{'s' * (len(codes) > 1)} {named}" if codes else ""


def _walk(folder: Path, found: Listing) -> Iterator[tuple[str, str]]:
    """Every file and its path in the folder with `/`, sorted by its whole path as text, as the
    published programs sort. Texts, since a hundred thousand paths take seconds.

    A folder is entered once, by its own name before its links' names; what leads to it again is
    noted in `found`.
    """

    def stop(problem: OSError) -> None:
        raise DataError(unreadable(problem)) from problem

    files: list[tuple[str, str]] = []
    entered: dict[tuple[int, int], str] = {}
    waiting = [str(folder)]
    with progress(None, f"listing {folder}, files found") as advance:
        while waiting:
            links = []
            for inside, folders, names in os.walk(waiting.pop(0), onerror=stop):
                within = os.path.relpath(inside, folder).replace(os.sep, "/")
                above = "" if within == "." else f"{within}/"
                if again := _entered(inside, within, entered):
                    found.links.append(again)
                    folders.clear()
                    continue
                folders.sort()
                for name in [name for name in folders if _is_clutter(name, CLUTTER_FOLDERS)]:
                    folders.remove(name)
                    found.skipped.append(f"{name}/")
                links += [p for n in folders if os.path.islink(p := os.path.join(inside, n))]
                for name in names:
                    files.append((os.path.join(inside, name), f"{above}{name}"))
                    advance()
            waiting += sorted(links)
    return iter(sorted(files))


def _entered(inside: str, within: str, entered: dict[tuple[int, int], str]) -> str:
    """Remember a folder; what is told where it was entered before."""
    status = os.stat(inside)
    first = entered.setdefault((status.st_dev, status.st_ino), within)
    if first == within:
        return ""
    if first == "." or within.startswith(f"{first}/"):
        return f"{inside} links back to a folder around it, a loop, and was not entered"
    return f"{inside} is the folder {first} once more, and counted once"
