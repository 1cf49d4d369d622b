"""A table of files that lie somewhere already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gan_zoo.components import DataError, DataSpec, Sample
from gan_zoo_data.bases import Files, Sized
from gan_zoo_data.files.ids import Ids
from gan_zoo_data.writing import forms_of, id_columns, picture_modes, write_rows

OWN = ("root",)  # of what all data of files say, that a table says otherwise


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
    options = id_columns(like) | (
        _as_columns(like) if isinstance(like, Files) else picture_modes(forms_of(like))
    )
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
        options |= {
            name: said[name] for name in Files.model_fields if name in said and name not in OWN
        }
    return {"root": str(table.parent), "file": table.name, **options}


def _as_columns(like: Files) -> dict[str, Any]:
    """What a table says of the same files: modes of pictures, and how ids are read."""
    kinds = like._kinds()
    ids = {name: kind for name, kind in kinds.items() if isinstance(kind, Ids)}
    if panoptic := [name for name, kind in ids.items() if kind.rgb24 and kind.classes]:
        raise DataError(
            f"{panoptic[0]} holds panoptic maps, and a table cannot name the file that says what "
            "their colors are; write files first: gan-zoo data convert RECIPE DIR --to NAME"
        )
    found: dict[str, Any] = {
        "pictures": {name: kind for name, kind in kinds.items() if name not in ids},
        "palette": {name: dict(kind.palette) for name, kind in ids.items() if kind.palette},
        "remap": {name: dict(kind.remap) for name, kind in ids.items() if kind.remap},
        "instance_colors": "rgb24" if any(kind.rgb24 for kind in ids.values()) else None,
    }
    return {option: said for option, said in found.items() if said}


def _from(table: Path, file: Path) -> str:
    """A file as the table names it: from its folder, where the file lies in there."""
    whole, folder = file.absolute(), table.parent.absolute()
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else str(whole)
