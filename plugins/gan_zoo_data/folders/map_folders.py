"""The folders of label maps, instance maps and photos: which layout a split has, or why none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gan_zoo.components import DataError
from gan_zoo_data.folders.layouts import (
    Ambiguous,
    Folders,
    Half,
    Place,
    find_places,
    find_splits,
    map_layouts,
    name_place,
    panoptic_layouts,
    refuse_no_root,
    say_layout,
    say_no_split,
)
from gan_zoo_data.splits import SPLITS
from gan_zoo_data.surveys import WORDS

PUBLISHED: Folders = {"label": "{split}_label", "instance": "{split}_inst", "target": "{split}_img"}
SEGMENTS = "panoptic"  # the layouts of maps whose colors are segments
AROUND = 4  # folders around a path in which a root is looked for


def find_map_folders(
    root: Path, split: str, maps: Sequence[str], layout: str | Folders = "find"
) -> Place:
    """Where the maps of a split lie.

    Args:
        root: The folder of the data.
        split: The split.
        maps: Those that a sample has.
        layout: As the recipe says: `find`, or map -> its folder; or `panoptic`.

    Raises:
        DataError: none is there, one is not (`Half`), or two layouts at once (`Ambiguous`).
    """
    refuse_no_root(root)
    layouts = layouts_of(layout)
    there = [
        place
        for place in find_places(root, split, layouts, maps, 1)
        if place.layout == {name: layouts[0][name] for name in maps}
        or all(place.folders[name].is_dir() for name in maps if name != "instance")
    ]
    whole = [place for place in there if all(f.is_dir() for f in place.folders.values())]
    if len(whole) > 1:
        twice = "; ".join(name_place(root, place) for place in whole)
        raise Ambiguous(
            f"{root} has the split '{split}' more than once: {twice}; keep one of them, or say "
            f"which: {say_layout(whole[-1].layout)}"
        )
    if not there:
        raise DataError(_no_split(root, split, maps, layout) + _say_panoptic(root, split, layout))
    place = (whole or there)[0]
    beside = next(folder for folder in place.folders.values() if folder.is_dir())
    for name, folder in place.folders.items():
        if not folder.is_dir():
            without = ", or say `instance: false`" if name == "instance" else ""
            raise Half(
                f"{beside} has no {folder} beside it; put the {WORDS.get(name, 'photo')}s "
                f"there, with the same names{without}"
            )
    return place


def layouts_of(layout: str | Folders) -> list[Folders]:
    """The layouts that an option means; the first of `find` is pix2pixHD's."""
    if isinstance(layout, Mapping):
        return [layout]
    return panoptic_layouts() if layout == SEGMENTS else map_layouts()


def places_around(
    root: Path, path: Path, maps: Sequence[str], layout: str | Folders
) -> list[Place]:
    """The usual splits of a root, or of another one, that a path is in or around."""
    inside = path.resolve()
    own = root.resolve()
    roots = [own] if inside.is_relative_to(own) else [inside, *inside.parents[:AROUND]]
    found = []
    for one in roots:
        for split in SPLITS:
            for place in find_places(one, split, layouts_of(layout), maps, len(maps)):
                folders = [folder.resolve() for folder in place.folders.values()]
                if any(f.is_relative_to(inside) or inside.is_relative_to(f) for f in folders):
                    found.append(place)
    return found


def _say_panoptic(root: Path, split: str, layout: str | Folders) -> str:
    """What reads the panoptic maps that are there, where other maps are looked for."""
    if layout != "find" or not find_places(root, split, panoptic_layouts(), ("label", "target"), 2):
        return ""
    return (
        ". COCO's panoptic maps are there, whose colors are segments: `label_colors: panoptic` "
        "reads their categories, `instance_colors: rgb24` the segments themselves"
    )


def _no_split(root: Path, split: str, maps: Sequence[str], layout: str | Folders) -> str:
    """What is told where a root has nothing of a split."""
    first = layouts_of(layout)[0]
    looked = ", ".join(f"{first[name].replace('{split}', split)}/" for name in maps)
    if isinstance(layout, Mapping):
        return say_no_split(root, split, looked, (), "or correct `layout`")
    splits = find_splits(root, [PUBLISHED[name] for name in maps])
    example = say_layout({name: f"{name.upper()}S/{{split}}" for name in maps})
    cure = f"name the folders so, or say where they lie: {example}"
    return say_no_split(root, split, f"{looked} and other usual names", splits, cure)
