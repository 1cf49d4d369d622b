"""What the data in folders makes of a folder that nobody has described."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gan_zoo.components import DataError, Found, Refused, unreadable
from gan_zoo_data.folders.file_modes import count_modes, mode_of
from gan_zoo_data.folders.id_counts import count_ids, id_options
from gan_zoo_data.folders.layouts import (
    PLAIN,
    SIDES,
    Ambiguous,
    Half,
    Place,
    name_place,
    say_layout,
)
from gan_zoo_data.folders.listing import (
    Listing,
    holds_pictures,
    list_folders,
    list_pictures,
)
from gan_zoo_data.folders.map_folders import PUBLISHED, SEGMENTS, find_map_folders
from gan_zoo_data.folders.painted import propose_palette
from gan_zoo_data.folders.panoptic import panoptic_options
from gan_zoo_data.folders.schemes import Scheme, find_scheme, of_map
from gan_zoo_data.folders.side_folders import find_sides
from gan_zoo_data.folders.whole_pictures import find_couples, refuse_whole
from gan_zoo_data.splits import LEARNED, SPLITS

if TYPE_CHECKING:
    from gan_zoo_data.bases import Files

KNOWN = {  # scheme -> classes, and ids beyond them
    "Cityscapes": (35, (255,)),
    "Cityscapes, coarse": (35, (255,)),
    "Cityscapes, train ids": (19, (255,)),
}


class Places(NamedTuple):
    """Where the usual splits lie.

    Args:
        found: Split -> its place.
        notes: Splits of which half is there, which nobody may mean to look at.
        mistakes: Half a split that is trained on; splits that the system does not let be read.
    """

    found: dict[str, Place]
    notes: list[str]
    mistakes: list[str]

    @property
    def first(self) -> Place:
        """The first place whose folders all hold pictures; of none, the first."""
        places = [*self.found.values()]
        return next(filter(_is_full, places), places[0])


def recognize_pairs(spec: type[Files], root: Path) -> Found | Refused | None:
    """Pairs side by side, in two folders, or as couples of names."""
    places = _places(partial(find_sides, root))
    if isinstance(places, Refused):
        return places
    if not places.found:
        half = next(map(Refused, places.mistakes), None)
        return _without_splits(root) or half
    first = places.first
    options: dict[str, Any] = {"root": str(root)}
    a, b = (list_pictures(folder) for folder in first.folders.values())
    if not a.files or not b.files:
        return None
    files = {"source": [*a.files.values()], "target": [*b.files.values()]}
    why, notes = f"{name_place(root, first)} hold partners of equal names", []
    if first.one_folder:
        inside = first.folders["A"].relative_to(root).as_posix()
        why = f"{inside}/ holds pictures with two sides each"
        try:
            refuse_whole(root, first, a)
        except DataError as problem:
            couples = find_couples(a)
            if couples is None:
                return Refused(str(problem))
            options["suffixes"] = dict(zip("ab", couples, strict=True))
            why = f"names in {inside}/ come in couples, as x{couples[0]} and x{couples[1]}"
            for name, end in zip(files, couples, strict=True):
                files[name] = [path for stem, path in a.files.items() if stem.endswith(end)]
    for name, paths in files.items():
        options[name], odd = mode_of(paths, name)
        notes += odd
    called = f"{first.folders['A'].relative_to(root).as_posix()}/"
    if first.one_folder:
        called = f"x{options['suffixes']['a']}" if "suffixes" in options else "the left half"
    notes.append(f"direction: a_to_b takes {called} for the input; b_to_a turns it round")
    return _found(spec.model_validate(options), why, places, notes)


def recognize_labels(spec: type[Files], root: Path) -> Found | Refused | None:
    """Label maps, which hold ids, and photos, perhaps with instance maps."""
    maps = ["label", "instance", "target"]
    places = _places(partial(_map_folders, root))
    if isinstance(places, Refused):
        return places
    if not places.found:
        return _recognize_panoptic(spec, root)
    if any("instance" not in place.folders for place in places.found.values()):
        maps.remove("instance")
    first = places.first
    scheme = find_scheme(list_pictures(first.folders["label"]), None)
    files = {name: _files([*places.found.values()], name, scheme) for name in maps}
    sure = bool(scheme.name) or first.layout["label"] == PUBLISHED["label"]
    colors = [mode for mode in count_modes(files["label"]) if mode in ("RGB", "RGBA", "CMYK")]
    if colors and not sure:
        return None
    options: dict[str, Any] = {"root": str(root)}
    if colors:
        painted = propose_palette(files["label"])
        if isinstance(painted, str):
            return Refused(painted)
        options |= {"classes": len(painted[0]), "palette": painted[0]}
        notes = [
            f"palette: the {len(painted[0])} colors in {painted[1]} of {len(files['label'])} label "
            "maps, numbered by how much of them there is; give them the ids that you mean"
        ]
    else:
        numbers = count_ids(files["label"])
        if not numbers.ids or not (sure or numbers.like_labels):
            return None
        read, notes = id_options(numbers, len(files["label"]), KNOWN.get(scheme.name))
        options |= read
    if "instance" not in maps:
        options["instance"] = False
        notes.append("instance: false, since no instance maps are there")
    elif "RGB" in count_modes(files["instance"]):
        options["instance_colors"] = "rgb24"
        notes.append("instance_colors: rgb24, since instance maps are colors, as COCO's panoptic")
    options["target"], odd = mode_of(files["target"], "target")
    why = f"{name_place(root, first)} hold label maps and photos"
    if scheme.name:
        why += f" with the names of {scheme.name}"
    return _found(spec.model_validate(options), why, places, [*notes, *odd])


def _recognize_panoptic(spec: type[Files], root: Path) -> Found | Refused | None:
    """COCO's panoptic maps, whose colors are segments, and photos."""
    maps = ("label", "instance", "target")
    places = _places(lambda split: find_map_folders(root, split, maps, SEGMENTS))
    if isinstance(places, Refused):
        return places
    if not places.found:
        return None
    try:
        options, why, notes = panoptic_options(root, places.found, places.first)
    except DataError as problem:
        return Refused(str(problem))
    return _found(spec.model_validate(options), why, places, notes)


def _map_folders(root: Path, split: str) -> Place:
    """With instance maps, or else without."""
    try:
        return find_map_folders(root, split, ("label", "instance", "target"))
    except Ambiguous:
        raise
    except DataError:
        return find_map_folders(root, split, ("label", "target"))


def _places(find: Callable[[str], Place]) -> Places | Refused:
    """Where the usual splits lie; a refusal where one is there twice, or none can be read."""
    places, half = Places({}, [], []), []
    for split in SPLITS:
        try:
            places.found[split] = find(split)
        except Ambiguous as problem:
            return Refused(str(problem))
        except Half as problem:
            if split == LEARNED:
                half.append(str(problem))
            else:
                places.notes.append(f"{split}: {problem}")
        except DataError:
            continue
        except OSError as problem:
            places.mistakes.append(unreadable(problem))
    if places.mistakes and not places.found:
        return Refused(places.mistakes[0])
    places.mistakes.extend(half)
    return places


def _found(
    spec: Files,
    why: str,
    places: Places,
    notes: Sequence[str],
) -> Found | Refused:
    """With what the spec itself finds in the splits; refused where nothing fits together."""
    pairs, told, wrong = {}, [*notes, *places.notes], [*places.mistakes]
    for split, place in places.found.items():
        try:
            samples, mistakes = spec.listed(split)
        except DataError as problem:
            wrong += str(problem).splitlines()
            continue
        if not len(samples):
            if split != LEARNED and not any(map(_has_files, place.folders.values())):
                told.append(f"{split}: nothing in it")
            else:
                wrong += mistakes
            continue
        pairs[split] = len(samples)
        if place.split != split:
            told.append(f"the split {split} lies in folders called {place.split}")
        told += [f"{split}: {note}" for note in samples.notes]
        if mistakes:
            more = f", and {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
            told.append(f"{split}: {mistakes[0]}{more}")
    if not pairs:
        return Refused((wrong or told[len(notes) :])[0])
    return Found(spec, why, pairs, tuple(told), tuple(dict.fromkeys(wrong)))


def _is_full(place: Place) -> bool:
    """Whether pictures lie in all of its folders."""
    try:
        return all(list_pictures(folder).files for folder in place.folders.values())
    except DataError:  # it may not be read, which the listing of its split tells
        return False


def _has_files(folder: Path) -> bool:
    """Whether anything but clutter lies in a folder."""
    found = list_pictures(folder)
    return bool(found.files or found.wrong or found.strangers)


def _without_splits(root: Path) -> Refused | None:
    """Why pictures without splits are no data yet."""
    folders = {folder.name.lower(): folder for folder in list_folders(root)}
    for names in SIDES:
        one, other = (folders.get(name.lower()) for name in names)
        if one and other and holds_pictures(one) and holds_pictures(other):
            lines = say_layout({"A": f"{one.name}/{PLAIN}", "B": f"{other.name}/{PLAIN}"})
            return Refused(
                f"{one} and {other} hold pictures, but no splits: move them into folders train, "
                f"val and test inside, which {lines} names"
            )
    if holds_pictures(root):
        return Refused(
            f"{root} holds pictures, but no splits: name the folder around it, or move them into "
            f"folders {', '.join(str(root / split) for split in SPLITS)}"
        )
    return None


def _files(places: Sequence[Place], name: str, scheme: Scheme) -> list[Path]:
    """The files of a map in all splits."""
    listed: list[Listing] = [list_pictures(place.folders[name]) for place in places]
    return [path for found in listed for path in of_map(found, name, scheme).files.values()]
