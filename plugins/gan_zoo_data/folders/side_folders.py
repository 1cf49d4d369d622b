"""The folders of A and B: which layout a split has, or why none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gan_zoo.components import DataError
from gan_zoo_data.folders.layouts import (
    BESIDE,
    PLAIN,
    SIDES,
    WITHIN,
    Ambiguous,
    Folders,
    Half,
    Place,
    find_places,
    find_splits,
    name_place,
    refuse_no_root,
    say_layout,
    say_no_split,
    side_layouts,
)
from gan_zoo_data.folders.listing import holds_pictures, list_pictures
from gan_zoo_data.folders.names import MARKS, call_alike, find_endings

PUBLISHED: list[Folders] = [{"A": PLAIN, "B": PLAIN}, *BESIDE]  # half of one is told
ENDINGS = {tuple(name.lower() for name in names) for names in SIDES}


def layouts_of(layout: str | Folders) -> list[Folders]:
    """The layouts that an option means: `find`, `side_by_side`, `unjudged`, or side -> folder."""
    if isinstance(layout, Mapping):
        return [{side.upper(): folder for side, folder in layout.items()}]
    if layout == "side_by_side":
        return PUBLISHED[:1]
    return PUBLISHED if layout == "unjudged" else side_layouts()


def find_sides(root: Path, split: str, layout: str | Folders = "find") -> Place:
    """Where A and B of a split lie.

    Args:
        root: The folder of the data.
        split: The split.
        layout: As the recipe says.

    Raises:
        DataError: none is there, only half of one (`Half`), or two at once (`Ambiguous`).
    """
    refuse_no_root(root)
    layouts = layouts_of(layout)
    half = [*PUBLISHED, WITHIN] if layout == "find" else layouts
    there = [
        place
        for place in find_places(root, split, layouts, ("A", "B"), 1)
        if place.layout in half or all(folder.is_dir() for folder in place.folders.values())
    ]
    there = _without_surroundings(there)
    if not there:
        raise DataError(_no_split(root, split, layout))
    if len(there) > 1:
        twice = "; ".join(name_place(root, place) for place in there)
        last = "`layout: side_by_side`" if there[-1].one_folder else say_layout(there[-1].layout)
        raise Ambiguous(
            f"{root} has the split '{split}' more than once: {twice}; keep one of them, or say "
            f"which: {last}"
        )
    folders = there[0].folders
    for one, other in (("A", "B"), ("B", "A")):
        if not folders[other].is_dir():
            raise Half(
                f"{folders[one]} has no {folders[other]} beside it; put the partners there, "
                "with the same names"
            )
    return there[0]


def usual_endings(ends: tuple[str, str] | None) -> bool:
    """Whether two endings of names are those of two sides, as _A and _B."""
    return ends is not None and tuple(end.strip(MARKS).lower() for end in ends) in ENDINGS


def _without_surroundings(there: list[Place]) -> list[Place]:
    """The places without the one folder around two others that hold the same names; where these do
    not, it is the two that are no sides.
    """
    if len(there) < 2 or not there[0].one_folder:
        return there
    around = there[0].folders["A"]
    there = [there[0], *(place for place in there[1:] if _is_apart(place, around))]
    within = [p for p in there[1:] if all(f.is_relative_to(around) for f in p.folders.values())]
    sides = [place for place in within if _share_names(place)]
    if holds_pictures(around):
        return [place for place in there if place in sides or place not in within]
    return [place for place in there[bool(sides) :] if place in sides or place not in within]


def _is_apart(place: Place, around: Path) -> bool:
    """Whether two folders are not the same one, or the one around them, by links."""
    return len({around.resolve(), *(f.resolve() for f in place.folders.values())}) == 3


def _share_names(place: Place) -> bool:
    """Whether most names of one folder are those of the other, or nearly."""
    if not all(folder.is_dir() for folder in place.folders.values()):
        return False
    mine, theirs = (list_pictures(folder).files for folder in place.folders.values())
    common = mine.keys() & call_alike(mine, theirs).files.keys()
    if not common and usual_endings(find_endings(mine, theirs)):
        return True
    return bool(common) and 2 * len(common) >= min(len(mine), len(theirs))


def _no_split(root: Path, split: str, layout: str | Folders) -> str:
    """What is told where a root has nothing of a split."""
    looked = [
        " and ".join(
            f"{folder.replace('{split}', split)}/" for folder in dict.fromkeys(of.values())
        )
        for of in ([*PUBLISHED, WITHIN] if layout == "find" else layouts_of(layout))
    ]
    if not isinstance(layout, Mapping):
        looked[0] += " (side by side)"
    splits = find_splits(root, [of["A"] for of in BESIDE]) or find_splits(root, (PLAIN,))
    example = say_layout({"A": "FOLDER/{split}", "B": "OTHER/{split}"})
    cure = f"arrange the files in one of these ways, or say where they lie: {example}"
    if layout != "find":
        cure = "or correct `layout`"
    return say_no_split(root, split, "; ".join(looked), splits, cure)
