"""A table of files that lie somewhere already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gan_zoo.components import DataError, DataSpec, Sample
from gan_zoo_data.bases import Files, Sized
from gan_zoo_data.folder_specs import LabelFolderSpec
from gan_zoo_data.writing import table_options, write_rows

SHARED = ("load", "scale_width", "crop", "flip", "aspect", "batch", "workers")


def write_file_table(
    splits: Mapping[str, Iterable[Sample]], table: Path, like: DataSpec
) -> dict[str, Any]:
    """Write a table with the columns split, name and the maps.

    A sample has a file a map, in the order of its maps, or one file whose halves are two pictures:
    the source at the left, unless the data's `direction` says otherwise.

    Returns:
        The options that read it.

    Raises:
        DataError: a sample has other files, or the table cannot be written.
    """
    maps = [*like.maps()]
    options = table_options(like, like._modes() if isinstance(like, Files) else None)
    options |= _of_ids(like)
    halved = False
    rows = []
    for split, samples in splits.items():
        for sample in samples:
            files = [_from(table, Path(file)) for file in sample.files]
            if len(files) == 1 and {*maps} == {"source", "target"}:
                halved, files = True, files * 2
            if len(files) != len(maps) or not all(Path(file).is_file() for file in sample.files):
                raise DataError(
                    f"{sample.name} is made of {', '.join(sample.files) or 'no file'}, and a table "
                    f"names a file for each of {', '.join(maps)}; write files first: gan-zoo data "
                    "convert RECIPE DIR --to NAME"
                )
            rows.append(
                {"split": split, "name": sample.name, **dict(zip(maps, files, strict=True))}
            )
    write_rows(table, ["split", "name", *maps], rows)
    if halved:
        left, right = maps if getattr(like, "direction", "a_to_b") == "a_to_b" else maps[::-1]
        options["halves"] = {left: "left", right: "right"}
    if isinstance(like, Sized):
        said = like.model_dump(exclude_unset=True)
        options |= {name: said[name] for name in SHARED if name in said}
    return {"root": str(table.parent), "file": table.name, **options}


def _of_ids(like: DataSpec) -> dict[str, Any]:
    """How files of ids are read, which one map of labels says for itself and a table by map."""
    labels = [name for name, image in like.maps().items() if image.classes is not None]
    found: dict[str, Any] = {}
    for option in ("palette", "remap"):
        if said := getattr(like, option, None):
            found[option] = {labels[0]: said} if isinstance(like, LabelFolderSpec) else dict(said)
    if colors := getattr(like, "instance_colors", None):
        found["instance_colors"] = colors
    return found


def _from(table: Path, file: Path) -> str:
    """A file as the table names it: from its folder, where the file lies in there."""
    whole, folder = file.absolute(), table.parent.absolute()
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else str(whole)
