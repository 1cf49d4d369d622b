"""Where the files of a split lie: a table of the layouts that are found by themselves.

A layout says for every part of a sample (the sides A and B, or the maps) in which folder of the
root it lies, `{split}` standing for the split. Folders are compared without letter case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from gan_zoo.components import DataError
from gan_zoo_data.folders.listing import holds_pictures, list_content, list_folders, no_folder

Side = Literal["A", "B"]
Folders = Mapping[str, str]  # part -> its folder in the root, with {split}

PLAIN = "{split}"
# The two sides of a pair as people call them; the first is A, which is usually the input.
SIDES = (
    ("A", "B"),
    ("input", "target"),
    ("inputs", "targets"),
    ("input", "output"),
    ("inputs", "outputs"),
    ("input", "gt"),
    ("source", "target"),
    ("src", "tgt"),
    ("src", "dst"),
    ("x", "y"),
    ("before", "after"),
    ("label", "image"),
    ("labels", "images"),
    ("label", "photo"),
    ("labels", "photos"),
    ("label", "img"),
    ("labels", "imgs"),
    ("mask", "image"),
    ("masks", "images"),
    ("mask", "img"),
    ("seg", "img"),
    ("edge", "photo"),
    ("edges", "photos"),
    ("edges", "images"),
    ("sketch", "photo"),
    ("sketches", "photos"),
    ("sketch", "image"),
    ("map", "photo"),
    ("lq", "gt"),
    ("low", "high"),
    ("blur", "sharp"),
    ("noisy", "clean"),
    ("hazy", "clear"),
    ("hazy", "gt"),
    ("rain", "norain"),
)
SIDE_PATTERNS = ("{name}/{split}", "{split}{name}", "{split}_{name}", "{split}/{name}")
BESIDE: list[Folders] = [  # as published programs have them
    {"A": "A/{split}", "B": "B/{split}"},
    {"A": "{split}A", "B": "{split}B"},
    {"A": "{split}_A", "B": "{split}_B"},
]
WITHIN: Folders = {"A": "{split}/A", "B": "{split}/B"}

# Label, instance and target as published sets and programs call them.
MAPS = (
    ("label", "inst", "img"),
    ("label", "instance", "image"),
    ("labels", "instances", "images"),
    ("label", "instance", "photo"),
    ("labels", "instances", "photos"),
    ("mask", "instance", "image"),
    ("masks", "instances", "images"),
    ("seg_maps", "instance_maps", "images"),  # imaginaire
    ("semantic", "instance", "image"),
    ("annotations", "annotations_instance", "images"),  # ADE20K
)
MAP_PATTERNS = ("{split}_{name}", "{name}/{split}", "{split}/{name}")
CITYSCAPES = ("gtFine", "gtCoarse")
STUFF = ("stuffthingmaps", "stuffthingmaps_trainval2017", "annotations")
PANOPTIC = ("panoptic_{split}", "annotations/panoptic_{split}")
# A split in folders of other names, looked for where it is not there under its own.
ALSO = {
    "train": ("training", "train2017"),
    "val": ("valid", "validation", "val2017"),
    "test": ("testing", "test2017"),
}


class Ambiguous(DataError):
    """A split that lies in more than one place."""


class Half(DataError):
    """A split of which some folders are there, and others are not."""


class Place(NamedTuple):
    """Where a split lies.

    Args:
        folders: Part -> its folder; several may share one.
        layout: Part -> its folder in the root, with {split}.
        split: What the folders call the split.
    """

    folders: Mapping[str, Path]
    layout: Folders
    split: str

    @property
    def one_folder(self) -> bool:
        """Whether all parts lie in one folder."""
        return len({*self.folders.values()}) == 1


def side_layouts() -> list[Folders]:
    """Those of pairs; the first is one folder of pictures that hold both sides."""
    found: list[Folders] = [{"A": PLAIN, "B": PLAIN}]
    for names in SIDES:
        for pattern in SIDE_PATTERNS:
            sides = [pattern.replace("{name}", name) for name in names]
            found.append(dict(zip("AB", sides, strict=True)))
    return found


def panoptic_layouts() -> list[Folders]:
    """Those of COCO's panoptic maps, which are label map and instance map at once, and photos."""
    return [
        {"label": maps, "instance": maps, "target": target}
        for maps in PANOPTIC
        for target in (PLAIN, "images/{split}")
    ]


def map_layouts() -> list[Folders]:
    """Those of label maps, instance maps and photos; the first is pix2pixHD's."""
    rows = [
        tuple(pattern.replace("{name}", name) for name in names)
        for names in MAPS
        for pattern in MAP_PATTERNS
    ]
    for fine in CITYSCAPES:
        rows.append((f"{fine}/{{split}}", f"{fine}/{{split}}", "leftImg8bit/{split}"))
    labels = [f"{folder}/{{split}}" for folder in STUFF]
    for label in (*labels, "stuff_{split}_pixelmaps", "annotations/stuff_{split}_pixelmaps"):
        for instance in PANOPTIC:
            rows += [(label, instance, target) for target in (PLAIN, "images/{split}")]
    return [dict(zip(("label", "instance", "target"), row, strict=True)) for row in rows]


def find_places(
    root: Path, split: str, layouts: Iterable[Folders], parts: Sequence[str], least: int
) -> list[Place]:
    """Every layout of these that a split has in a root, under its own name or else another usual
    one; folders that are not there are named as the layout has them.

    Args:
        root: The folder of the data.
        split: The split.
        layouts: Those that are looked for.
        parts: The parts that are asked for.
        least: So many of the parts' folders must be there.
    """
    layouts = list(layouts)
    for name in (split, *ALSO.get(split, ())):
        seen: dict[Path, dict[str, Path]] = {}
        found: dict[tuple[Path, ...], Place] = {}
        for layout in layouts:
            wanted = {part: layout[part].replace("{split}", name) for part in parts}
            folders = {part: _spelled(root, wanted[part], seen) for part in parts}
            if sum(folder.is_dir() for folder in folders.values()) >= least:
                place = Place(folders, {part: layout[part] for part in parts}, name)
                # What links lead to the same place is one layout, called as it was found first.
                found.setdefault(tuple(folder.resolve() for folder in folders.values()), place)
        if found:
            return list(found.values())
    return []


def name_place(root: Path, place: Place) -> str:
    """A layout in words: its folders in the root."""
    folders = [f"{path.relative_to(root).as_posix()}/" for path in place.folders.values()]
    if place.one_folder:
        return f"{folders[0]} (side by side)"
    return " and ".join(dict.fromkeys(folders))


def say_layout(layout: Folders) -> str:
    """The line of a recipe that names a layout."""
    parts = ", ".join(f"{part.lower()}: '{folder}'" for part, folder in layout.items())
    return f"`layout: {{{parts}}}`"


def refuse_no_root(root: Path) -> None:
    """Refuse a root that is no folder.

    Raises:
        DataError: with the cure.
    """
    if not root.is_dir():
        raise DataError(no_folder(root))


def say_no_split(root: Path, split: str, looked: str, splits: Sequence[str], cure: str) -> str:
    """What is told where a root has nothing of a split."""
    return (
        f"{root} has no split '{split}': looked for {looked}; found {list_content(root)}"
        f"{name_splits(splits)}. Name another folder with --data DIR, {cure}"
    )


def find_splits(root: Path, patterns: Iterable[str]) -> list[str]:
    """The splits that folders of these patterns make."""
    found = set()
    for pattern in patterns:
        inside, _, name = pattern.rpartition("/")
        ending = name.removeprefix("{split}")
        for path in list_folders(root / inside):
            split = path.name.removesuffix(ending)
            if not path.name.endswith(ending) or not split or split.endswith("_"):
                continue
            if ending or holds_pictures(path):
                found.add(split)
    return sorted(found)


def name_splits(splits: Sequence[str]) -> str:
    """Which splits there are, behind a message that one is not; empty where there are none."""
    return f"; its splits: {', '.join(splits)}" if splits else ""


def _spelled(root: Path, inside: str, seen: dict[Path, dict[str, Path]]) -> Path:
    """A folder in the root, as the disk spells it in upper and lower case."""
    path = root
    for name in inside.split("/"):
        if path not in seen:
            seen[path] = {folder.name.lower(): folder for folder in list_folders(path)}
        exact = path / name
        path = exact if exact.is_dir() else seen[path].get(name.lower(), exact)
    return path
