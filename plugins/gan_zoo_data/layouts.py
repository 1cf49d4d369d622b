"""Where the two sides of a split lie, and which files belong together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from gan_zoo.components import DataError, progress
from gan_zoo_data.pictures import EXTENSIONS

Side = Literal["A", "B"]

LAYOUTS = (  # folders of A and B in the root
    ("{split}", "{split}"),
    ("A/{split}", "B/{split}"),
    ("{split}A", "{split}B"),
    ("{split}_A", "{split}_B"),
)
BESIDE = ("A/{split}", "{split}_A", "{split}A")  # of them, where A and B have folders of their own
ALONE = ("{split}",)
CLUTTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # left by file managers
SHOWN = 10


class Sides(NamedTuple):
    """The folders of A and B; the same one where the pictures stand side by side."""

    a: Path
    b: Path

    @property
    def side_by_side(self) -> bool:
        """Whether one file holds both."""
        return self.a == self.b


@dataclass
class Listing:
    """The pictures in a folder, sorted by path.

    Args:
        folder: The folder.
        files: Path in the folder without suffix -> file.
        mistakes: One message for each file that has no place here.
        skipped: Names of clutter that file managers left.
    """

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def find_sides(root: Path, split: str) -> Sides:
    """The layout of a split.

    Raises:
        DataError: none is there, only half of one, or two at once.
    """
    if not root.is_dir():
        raise DataError(no_folder(root))
    layouts = [Sides(*(root / side.format(split=split) for side in sides)) for sides in LAYOUTS]
    there = [sides for sides in layouts if sides.a.is_dir() or sides.b.is_dir()]
    if not there:
        looked = "; ".join(_within(root, sides) for sides in layouts)
        raise DataError(
            f"{root} has no split '{split}': looked for {looked}; found {list_content(root)}"
            f"{name_splits(find_splits(root, BESIDE) or find_splits(root, ALONE))}. Name another "
            "folder with --data DIR, or arrange the files in one of these ways"
        )
    if len(there) > 1:
        twice = "; ".join(_within(root, sides) for sides in there)
        raise DataError(f"{root} has the split '{split}' more than once: {twice}; keep one of them")
    (sides,) = there
    for one, other in ((sides.a, sides.b), (sides.b, sides.a)):
        if not other.is_dir():
            raise DataError(
                f"{one} has no {other} beside it; put the partners there, with the same names"
            )
    return sides


def list_pictures(folder: Path) -> Listing:
    """List a folder and the folders in it."""
    found = Listing(folder)
    for place, inside in _walk(folder):
        stem, suffix = os.path.splitext(inside)
        name = inside.rpartition("/")[2]
        if name in CLUTTER or name.startswith("._"):
            found.skipped.append(name)
        elif inside.startswith(".") or "/." in inside:
            found.mistakes.append(f"{place} is hidden; move it out of {folder}")
        elif suffix.lower() not in EXTENSIONS:
            found.mistakes.append(
                f"{place} is not a picture ({' '.join(EXTENSIONS)}); move it out of {folder}"
            )
        elif stem in found.files:
            found.mistakes.append(
                f"{place} and {found.files[stem]} have one name; take one out, or rename it"
            )
        else:
            found.files[stem] = Path(place)
    if not found.files and not found.mistakes:
        found.mistakes.append(f"{folder} has no pictures in it ({' '.join(EXTENSIONS)})")
    return found


def missing_partners(a: Listing, b: Listing) -> list[str]:
    """One message for each file whose partner is missing."""
    return [
        f"{path} has no partner {other.folder / stem}.*; add it, or take this file out"
        for one, other in ((a, b), (b, a))
        for stem, path in one.files.items()
        if other.files and stem not in other.files
    ]


def refuse_mistakes(mistakes: list[str]) -> None:
    """Raise what is wrong, as much as fits on a screen.

    Raises:
        DataError: there are mistakes.
    """
    if mistakes:
        more = len(mistakes) - SHOWN
        rest = [f"and {more} more; `gan-zoo check` lists all"] if more > 0 else []
        raise DataError("\n".join(mistakes[:SHOWN] + rest))


def name_skipped(*listings: Listing) -> str:
    """What was skipped, for a description."""
    names = [name for found in listings for name in found.skipped]
    if not names:
        return ""
    files = "file" if len(names) == 1 else "files"
    return f"; skipped {len(names)} {files} of the system ({', '.join(sorted(set(names)))})"


def _within(root: Path, sides: Sides) -> str:
    a, b = (f"{side.relative_to(root).as_posix()}/" for side in sides)
    return f"{a} (side by side)" if sides.side_by_side else f"{a} and {b}"


def _walk(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file and its path in the folder with `/`, sorted by its whole path as text, as the
    published programs sort. Texts, since a hundred thousand paths take seconds.
    """

    def stop(problem: OSError) -> None:
        raise DataError(f"{problem.filename} cannot be listed: {problem.strerror}") from problem

    files = []
    with progress(None, f"listing {folder}, files found") as advance:
        for inside, _, names in os.walk(folder, onerror=stop, followlinks=True):
            within = Path(inside).relative_to(folder).as_posix()
            above = "" if within == "." else f"{within}/"
            for name in names:
                files.append((os.path.join(inside, name), f"{above}{name}"))
                advance()
    return iter(sorted(files))


def list_content(root: Path) -> str:
    """What a folder holds, for messages."""
    names = sorted(f"{path.name}/" if path.is_dir() else path.name for path in root.iterdir())
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join(names[:SHOWN] + more) or "nothing in it"


def find_splits(root: Path, patterns: Iterable[str]) -> list[str]:
    """The splits that folders of these patterns make."""
    found = set()
    for pattern in patterns:
        inside, _, name = pattern.rpartition("/")
        ending = name.removeprefix("{split}")
        for path in (root / inside).glob(f"*{ending}"):
            split = path.name.removesuffix(ending)
            if not path.is_dir() or not split or split.endswith("_"):
                continue
            if ending or _holds_pictures(path):
                found.add(split)
    return sorted(found)


def name_splits(splits: Sequence[str]) -> str:
    """Which splits there are, behind a message that one is not; empty where there are none."""
    return f"; its splits: {', '.join(splits)}" if splits else ""


def no_folder(root: Path) -> str:
    """What is told where the root is none."""
    if root.exists():
        return f"{root} is a file; name the folder that holds the splits with --data DIR"
    return f"there is no folder {root}; name yours with --data DIR"


def _holds_pictures(folder: Path) -> bool:
    return any(path.suffix.lower() in EXTENSIONS for path in folder.iterdir())
