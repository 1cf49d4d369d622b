"""Folders that nobody has to fill: what `init` would have found in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gan_zoo.data_tools.drafting.draft import Folder

SIDES = {"root": "somewhere", "direction": "a_to_b"}
COLUMNS = {"source": "grey", "target": "rgb"}
DATA: dict[str, tuple[str, Mapping[str, Any]]] = {
    "pairs": ("paired_folder", SIDES),
    "grey pairs": ("paired_folder", {**SIDES, "source": "grey", "target": "grey"}),
    "labels and instances": ("label_folder", {"root": "somewhere", "classes": 11}),
    "labels": ("label_folder", {"root": "somewhere", "classes": 3, "instance": False}),
    "a table": (
        "manifest",
        {"root": "somewhere", "pictures": COLUMNS, "labels": {"classes_of_it": 7}, "ignore": [255]},
    ),
}


def folder(data: str, *sizes: tuple[int, int], train: int = 400, **splits: int) -> Folder:
    """What was found of made-up data."""
    name, options = DATA[data]
    pairs = {"train": train, **splits}
    return Folder(name, options, {"use": "as the test says"}, pairs, sizes or ((256, 256),))
