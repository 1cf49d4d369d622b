"""What the names of label maps, instance maps and photos end in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gan_zoo_data.folders.listing import Listing
from gan_zoo_data.folders.names import cut_endings, find_endings

# The names of known data, and what else lies in its folders.
COLORS = ("color", "polygons", "instanceTrainIds", "labelTrainIds", "labelIds", "instanceIds")
CITYSCAPES = {
    f"Cityscapes{more}": {
        "label": f"_{fine}_label{ids}",
        "instance": f"_{fine}_instanceIds",
        "target": "_leftImg8bit",
    }
    for more, fine, ids in (
        ("", "gtFine", "Ids"),
        (", train ids", "gtFine", "TrainIds"),
        (", coarse", "gtCoarse", "Ids"),
    )
}
# The first line that fits most label maps, or the last.
SUFFIXES: dict[str, dict[str, str]] = {
    **CITYSCAPES,
    "": {"label": "", "instance": "", "target": ""},
}
OTHERS = {"_leftImg8bit", *(f"_{of}_{kind}" for of in ("gtFine", "gtCoarse") for kind in COLORS)}


class Scheme(NamedTuple):
    """What names end in.

    Args:
        name: Whose names these are: known data, `the recipe`, or nobody's.
        suffixes: Map -> the ending.
    """

    name: str
    suffixes: Mapping[str, str]

    @property
    def said(self) -> str:
        """Who says so."""
        of = "`suffixes` says" if self.name == "the recipe" else f"the names of {self.name} do"
        return f", as {of}"


def find_scheme(found: Listing, suffixes: Mapping[str, str] | None, of: str = "label") -> Scheme:
    """What names end in: as the recipe says, or as the files of a map show."""
    if suffixes is not None:
        return Scheme("the recipe", {**dict.fromkeys(SUFFIXES[""], ""), **suffixes})
    strange = sum(not _known(stem) for stem in found.files)
    for name, known in CITYSCAPES.items():
        if sum(stem.endswith(known[of]) for stem in found.files) > strange:
            return Scheme(name, known)
    return Scheme("", SUFFIXES[""])


def of_map(found: Listing, name: str, scheme: Scheme) -> Listing:
    """The listing without what the scheme leaves alone: files of other maps in the same folder."""
    ending = scheme.suffixes[name]
    if not scheme.name or not ending:
        return found
    if scheme.name == "the recipe":
        return found.only(lambda stem: stem.endswith(ending))
    return found.only(lambda stem: stem.endswith(ending) or not _known(stem))


def cut_scheme(
    found: Listing, name: str, scheme: Scheme, *, whole: Listing
) -> tuple[dict[str, Path], list[str]]:
    """Name without its ending -> file, and a message for each that does not end so, or for all.

    Args:
        found: Of the map.
        name: The map.
        scheme: What names end in.
        whole: All files in the folder.
    """
    ending = scheme.suffixes[name]
    stems, odd = cut_endings(found.files, ending)
    if not stems and whole.files:
        first = next(iter(whole.files.values()))
        return {}, [
            f"no name in {found.folder} ends in {ending}{scheme.said}: {first.name}, ...; correct "
            "`suffixes`"
        ]
    return stems, [
        f"{found.files[stem]} does not end in {ending}{scheme.said}; rename it, take it out, or "
        "say `suffixes`"
        for stem in odd
    ]


def say_no_common(labels: Listing, others: Listing, name: str) -> str:
    """The message for two folders whose files have no name in common."""
    mine, theirs = (next(iter(found.files)) for found in (labels, others))
    told = "`suffixes`. Or name the files in a table: `use: manifest`"
    if ending := find_endings(labels.files, others.files):
        label, other = (one or "''" for one in ending)
        told = f"`suffixes: {{label: {label}, {name}: {other}}}`"
    return (
        f"{labels.folder} and {others.folder} have no name in common: {mine}, ... and {theirs}, "
        f"...; what names end in may differ if the data says so: {told}"
    )


def _known(stem: str) -> bool:
    return any(stem.endswith(ending) for ending in OTHERS)
