"""What a folder of COCO's panoptic maps is: recognized by its names, classes by its JSON files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_zoo_data.files.segments import Segments, read_segments
from gan_zoo_data.folders.file_modes import mode_of
from gan_zoo_data.folders.layouts import Place
from gan_zoo_data.folders.listing import list_pictures


def panoptic_options(
    root: Path, places: Mapping[str, Place], first: Place
) -> tuple[dict[str, Any], str, list[str]]:
    """The options that read panoptic maps, what was seen that tells so, and notes.

    Args:
        root: The folder of the data.
        places: Split -> where it lies.
        first: The one that is looked at.

    Raises:
        DataError: no file tells the categories of the segments, or it tells something else.
    """
    told = [read_segments(place.folders["label"]) for place in places.values()]
    widest = max(told, key=lambda one: one.classes)
    labels, photos = (first.folders[name] for name in ("label", "target"))
    target, notes = mode_of([*list_pictures(photos).files.values()], "target")
    options = {
        "root": str(root),
        "classes": widest.classes,
        "label_colors": "panoptic",
        "instance_colors": "rgb24",
        "target": target,
    }
    segments = read_segments(labels)
    inside = [path.relative_to(root).as_posix() for path in (labels, photos, segments.file)]
    why = (
        f"{inside[0]}/ holds COCO's panoptic maps and {inside[1]}/ photos; label ids are the "
        f"categories that {inside[2]} gives the segments, instance ids the segments themselves"
    )
    return options, why, [_say_classes(widest), *notes]


def _say_classes(told: Segments) -> str:
    return (
        f"classes: {told.classes} is told by {told.file.name}: its {len(told.names)} categories "
        f"are numbered up to {told.classes - 1}, and 0 is what no segment covers; `remap` can "
        "close gaps"
    )
