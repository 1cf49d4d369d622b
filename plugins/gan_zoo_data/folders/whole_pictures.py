"""Folders of pictures that look like pairs side by side, and are not."""

from __future__ import annotations

from pathlib import Path

from gan_zoo.components import DataError
from gan_zoo_data.folders.halves import doubt, look_at
from gan_zoo_data.folders.layouts import PLAIN, SIDES, Place, say_layout
from gan_zoo_data.folders.listing import Listing
from gan_zoo_data.folders.names import MARKS

COUPLED = 0.9  # share of files in couples of names
CURES = {
    "three panels": "Cut out the two that belong together, and put them",
    "pictures one above the other": "Cut them apart, and put the upper and the lower ones",
    "whole pictures": "Put the inputs and the targets",
}


def refuse_whole(root: Path, place: Place, found: Listing) -> None:
    """Refuse a folder whose files hold no two sides each.

    Raises:
        DataError: what they seem to be, and the lines of a recipe that would be right.
    """
    look = look_at(found)
    if look.paired or not found.files:
        return
    folder = place.folders["A"]
    insist = "If each file does hold A left and B right, say `layout: side_by_side`"
    if couples := find_couples(found):
        one, other = couples
        raise DataError(
            f"{folder} holds files whose names come in couples, as x{one} and x{other}, and not "
            f"pictures of both sides. Say `suffixes: {{a: {one}, b: {other}}}`. {insist}"
        )
    if twins := _twins(folder, found):
        one, other = twins
        lines = say_layout({"A": f"{PLAIN}/{one}", "B": f"{PLAIN}/{other}"})
        raise DataError(
            f"{folder} holds folders with equal names, {one}/ and {other}/, and not pictures of "
            f"both sides. Say {lines}. {insist}"
        )
    if doubted := doubt(look):
        what, why = doubted
        sizes = " and ".join(dict.fromkeys(f"{h}x{w}" for h, w in look.sizes[:2]))
        raise DataError(
            f"{folder} holds files that look like {what} and not like two sides, left and right: "
            f"{why} ({sizes}, height x width). {CURES[what]} under equal names in "
            f"{root / 'A' / place.split} and {root / 'B' / place.split}; or say where they lie, "
            f"{say_layout({'A': 'FOLDER/{split}', 'B': 'OTHER/{split}'})}; or name the pairs in a "
            f"table, `use: manifest`. {insist}"
        )


def find_couples(found: Listing) -> tuple[str, str] | None:
    """The two endings of names that come in couples, x_A beside x_B, where nearly all do."""
    stems = {*found.files}
    some = [*found.files][:2]
    for names in SIDES:
        for mark in MARKS:
            for spelled in (str, str.lower, str.upper, str.capitalize):
                one, other = (f"{mark}{spelled(name)}" for name in names)
                if not any(stem.endswith((one, other)) for stem in some):
                    continue
                whole = {stem.removesuffix(one) for stem in stems if stem.endswith(one)}
                both = [stem for stem in whole if f"{stem}{other}" in stems]
                if both and 2 * len(both) >= COUPLED * len(stems):
                    return one, other
    return None


def _twins(folder: Path, found: Listing) -> tuple[str, str] | None:
    """Two folders in a folder that hold the same names."""
    inside: dict[str, set[str]] = {}
    for stem in found.files:
        first, _, name = stem.partition("/")
        inside.setdefault(first if name else "", set()).add(name)
    names = sorted(inside)
    if len(names) < 2 or "" in names:
        return None
    one, other = names[:2]
    return (one, other) if 2 * len(inside[one] & inside[other]) > len(inside[one]) else None
