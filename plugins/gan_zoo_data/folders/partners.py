"""Files of two sides, matched by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from gan_zoo.components import DataError
from gan_zoo_data.folders.listing import Listing, passed_over
from gan_zoo_data.folders.names import call_alike, cut_endings, find_endings, zeros_differ
from gan_zoo_data.folders.side_folders import usual_endings

TABLE = "name the pairs in a table (`use: manifest`)"


class Matched(NamedTuple):
    """The files of both sides by the names of samples.

    Args:
        a: Name -> file.
        b: Name -> file.
        mistakes: One message for each file that has no place or no partner.
        how: What follows "matched by name".
        notes: What else is told: odd names, and what was passed over.
    """

    a: Mapping[str, Path]
    b: Mapping[str, Path]
    mistakes: list[str]
    how: str
    notes: list[str]


def match_sides(a: Listing, b: Listing, suffixes: Mapping[str, str] | None) -> Matched:
    """Match two listings, or two kinds of files in one.

    Args:
        a: The files of A.
        b: Those of B; the same listing where both lie in one folder.
        suffixes: What names of side a and b end in; what the names show if absent.

    Raises:
        DataError: no name ends so.
    """
    ends = (suffixes or {}).get("a", ""), (suffixes or {}).get("b", "")
    if suffixes is not None:
        a, b = _ending_so(a, b, ends)
    mine, theirs = (cut_endings(of.files, end)[0] for of, end in zip((a, b), ends, strict=True))
    theirs, said = call_alike(mine, theirs)
    shown = find_endings(mine, theirs) if not mine.keys() & theirs.keys() else None
    if shown and suffixes is None and usual_endings(shown):
        ends = shown
        mine, theirs = cut_endings(mine, ends[0])[0], cut_endings(theirs, ends[1])[0]
    how = f" without the endings {ends[0] or repr('')} and {ends[1] or repr('')}" * any(ends)
    return Matched(
        mine,
        theirs,
        [*a.mistakes, *b.mistakes, *_alone(a, b, mine, theirs, ends)],
        how,
        [*filter(None, [said]), *passed_over(a, b)],
    )


def _ending_so(a: Listing, b: Listing, ends: tuple[str, str]) -> tuple[Listing, Listing]:
    """Both listings without the files that end otherwise, which are left alone."""
    kept = []
    for of, side, end in zip((a, b), "ab", ends, strict=True):
        kept.append(of.only(lambda stem, end=end: stem.endswith(end)))  # type: ignore[misc]
        if of.files and not kept[-1].files:
            raise DataError(
                f"no name in {of.folder} ends in {end}, as `suffixes` says of {side}: "
                f"{next(iter(of.files.values())).name}, ...; correct `suffixes`"
            )
    if a is b:  # told once, and no side's files are left alone by the other
        kept[0] = replace(kept[0], left=kept[0].left & kept[1].left)
        kept[1] = Listing(b.folder, kept[1].files)
    return kept[0], kept[1]


def _alone(
    a: Listing,
    b: Listing,
    mine: Mapping[str, Path],
    theirs: Mapping[str, Path],
    ends: tuple[str, str],
) -> list[str]:
    """One message for each file without a partner, or one for all where all names differ alike."""
    if not mine or not theirs:
        return []
    alone = [name for name in mine if name not in theirs]
    others = [name for name in theirs if name not in mine]
    if zeros := zeros_differ(alone, others):
        one, other = mine[zeros[0]], theirs[zeros[1]]
        return [
            f"{a.folder} and {b.folder}: {len(alone)} names differ in leading zeros, as {one.name} "
            f"and {other.name}; rename one side, or {TABLE}"
        ]
    if len(alone) == len(mine) and len(mine) + len(theirs) > 2:
        shown = find_endings(mine, theirs)
        line = "say what they end in: `suffixes`"
        if shown:
            line = f"say `suffixes: {{a: {shown[0] or repr('')}, b: {shown[1] or repr('')}}}`"
        first, second = next(iter(mine)), next(iter(theirs))
        return [
            f"{a.folder} and {b.folder} have no name in common: {first}, ... and {second}, ...; "
            f"{line}, rename one side, or {TABLE}"
        ]
    return [
        f"{path} has no partner {of.folder / name}{end}.*; add it, or take this file out"
        for files, names, of, end in (
            (mine, alone, b, ends[1]),
            (theirs, others, a, ends[0]),
        )
        for name, path in files.items()
        if name in names
    ]
