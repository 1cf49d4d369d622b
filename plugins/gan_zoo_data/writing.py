"""Samples -> files of the layouts that this package reads, equal when they are read back."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gan_zoo.components import DataError, DataSpec, Image, Sample
from gan_zoo_data.files.written import Form, id_numbers, write_picture, write_png

Splits = Mapping[str, Iterable[Sample]]


def write_pairs(splits: Splits, folder: Path, like: DataSpec) -> dict[str, Any]:
    """Write FOLDER/A/SPLIT/NAME.png and FOLDER/B/SPLIT/NAME.png (or .tif), source and target.

    Returns:
        The options that read them.

    Raises:
        DataError: the samples are no pairs of pictures, or a file cannot be written.
    """
    shapes = like.maps()
    if set(shapes) != {"source", "target"} or any(image.ids for image in shapes.values()):
        raise DataError(
            f"pairs are pictures called source and target; {like.name} has {_listed(shapes)}"
        )
    forms = forms_of(like)
    sides = {"source": "A", "target": "B"}
    _write(splits, like, forms, lambda split, name, of: folder / sides[of] / split / f"{name}.png")
    return {"root": str(folder), **{name: form.mode for name, form in forms.items()}}


def write_labels(splits: Splits, folder: Path, like: DataSpec) -> dict[str, Any]:
    """Write FOLDER/SPLIT_label/NAME.png, _inst where there are instances, and _img.

    Returns:
        The options that read them.

    Raises:
        DataError: the samples are no label maps with photos, or a file cannot be written.
    """
    shapes = like.maps()
    label, photo = shapes.get("label"), shapes.get("target")
    instance = shapes.get("instance")
    if (
        label is None
        or label.classes is None
        or photo is None
        or photo.ids
        or set(shapes) - {"label", "instance", "target"}
        or (instance is not None and instance.instances is None)
    ):
        raise DataError(
            "such folders hold ids called label, photos called target and perhaps ids called "
            f"instance; {like.name} has {_listed(shapes)}"
        )
    forms = forms_of(like)
    options: dict[str, Any] = {
        "root": str(folder),
        "classes": label.classes,
        "target": forms["target"].mode,
    }
    if ignored := like.ignored_ids("label"):
        options["ignore"] = ignored
    if instance is None:
        options["instance"] = False
    elif instance.instances is not None:
        options["instances"] = instance.instances
        options |= {"instance_colors": "rgb24"} if _is_color_ids(like) else {}
    ends = {"label": "label", "instance": "inst", "target": "img"}
    _write(
        splits,
        like,
        forms,
        lambda split, name, of: folder / f"{split}_{ends[of]}" / f"{name}.png",
    )
    return options


def write_table(splits: Splits, folder: Path, like: DataSpec) -> dict[str, Any]:
    """Write FOLDER/SPLIT/MAP/NAME.png, and FOLDER/SPLIT.csv, which names them.

    Returns:
        The options that read them.

    Raises:
        DataError: a map takes a package that is not there, or a file cannot be written.
    """
    forms = forms_of(like)
    options = picture_modes(forms) | id_columns(like)
    if _is_color_ids(like) and "instances" in options:
        options["instance_colors"] = "rgb24"
    written = _write(
        splits, like, forms, lambda split, name, of: folder / split / of / f"{name}.png"
    )
    columns = ["name", *like.maps()]
    for split, samples in written.items():
        lines = [
            {"name": one, **{of: path.relative_to(folder).as_posix() for of, path in files.items()}}
            for one, files in samples
        ]
        write_rows(folder / f"{split}.csv", columns, lines)
    return {"root": str(folder), **options}


def picture_modes(forms: Mapping[str, Form]) -> dict[str, Any]:
    """The option of a table for the pictures, where there are some."""
    modes = {name: form.mode for name, form in forms.items()}
    return {"pictures": modes} if modes else {}


def id_columns(like: DataSpec) -> dict[str, Any]:
    """The options of a table with the maps of ids of some data.

    Raises:
        DataError: a map has a name that a column cannot have, or two ignore other ids.
    """
    shapes = like.maps()
    if taken := [name for name in shapes if name in ("name", "split")]:
        raise DataError(
            f"{like.name} has a map {taken[0]}, but a column of that name has another meaning"
        )
    labels = {name: image.classes for name, image in shapes.items() if image.classes is not None}
    instances = {n: image.instances for n, image in shapes.items() if image.instances is not None}
    ignored = sorted({id for name in labels for id in like.ignored_ids(name)})
    if ignored and min(ignored) < max(labels.values()):
        raise DataError(
            f"{like.name} ignores the id {min(ignored)} in one map, which is a class in another; a "
            "table has one `ignore` for all"
        )
    said = {"labels": labels, "instances": instances, "ignore": tuple(ignored)}
    return {option: value for option, value in said.items() if value}


def write_rows(path: Path, columns: list[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a table.

    Raises:
        DataError: it cannot be written; names it.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, columns, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    except OSError as problem:
        raise _unwritten(path, problem) from problem


def _write(
    splits: Splits,
    like: DataSpec,
    forms: Mapping[str, Form],
    place: Callable[[str, str, str], Path],
) -> dict[str, list[tuple[str, dict[str, Path]]]]:
    """Write every map of every sample to its place, by split, name and map.

    Returns:
        Split -> the name of each sample, and map -> its file.
    """
    shapes, colors = like.maps(), _is_color_ids(like)
    written: dict[str, list[tuple[str, dict[str, Path]]]] = {split: [] for split in splits}
    for split, samples in splits.items():
        for sample in samples:
            name = PurePosixPath(sample.name)
            if name.is_absolute() or ".." in name.parts or not name.parts:
                raise DataError(f"{split}: {sample.name!r} cannot be the name of a file")
            files = {}
            for key, image in shapes.items():
                path, map_ = place(split, sample.name, key), sample.maps[key]
                try:
                    if key in forms:
                        files[key] = write_picture(path, forms[key].numbers(path, map_), forms[key])
                    else:
                        as_color = colors and image.instances is not None
                        write_png(path, id_numbers(path, map_, colors=as_color))
                        files[key] = path
                except OSError as problem:
                    raise _unwritten(path, problem) from problem
            written[split].append((sample.name, files))
    return written


def _unwritten(path: Path, problem: OSError) -> DataError:
    why = problem.strerror or problem
    return DataError(f"cannot write {path}: {why}; name another folder, or make room")


def forms_of(like: DataSpec) -> dict[str, Form]:
    """How each map of pictures is written.

    Raises:
        DataError: it takes a package that is not there; before anything is written.
    """
    shapes = like.maps()
    forms = {n: Form(like.values(n), one.channels) for n, one in shapes.items() if not one.ids}
    for name, form in forms.items():
        form.refuse_missing(name)
    return forms


def _listed(shapes: Mapping[str, Image]) -> str:
    return ", ".join(
        f"{name} ({'ids' if image.ids else 'pictures'})" for name, image in shapes.items()
    )


def _is_color_ids(like: DataSpec) -> bool:
    """Whether some data reads instance ids out of colors, of which 16 bits hold few."""
    return getattr(like, "instance_colors", None) == "rgb24"
