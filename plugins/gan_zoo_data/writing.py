"""Samples -> files of the layouts that this package reads: PNG of 8 bits for pictures, of 8 or 16
for ids.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from einops import rearrange
from PIL import Image as PIL
from torch import Tensor

from gan_zoo.components import DataError, DataSpec, Image, Sample

MODES = {1: "grey", 3: "rgb"}  # channels -> what a recipe says; others are said as numbers
CHANNELS = (1, 2, 3, 4)  # that a PNG holds
LARGEST = 0xFFFF  # the largest id that a PNG holds
Splits = Mapping[str, Iterable[Sample]]


def write_pairs(splits: Splits, folder: Path, like: DataSpec) -> dict[str, Any]:
    """Write FOLDER/A/SPLIT/NAME.png and FOLDER/B/SPLIT/NAME.png, source and target.

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
    modes = {name: _mode(name, like) for name in shapes}
    sides = {"source": "A", "target": "B"}
    _write(splits, shapes, lambda split, name, of: folder / sides[of] / split / f"{name}.png")
    return {"root": str(folder), **modes}


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
    options: dict[str, Any] = {
        "root": str(folder),
        "classes": label.classes,
        "target": _mode("target", like),
    }
    if ignored := like.ignored_ids("label"):
        options["ignore"] = ignored
    if instance is None:
        options["instance"] = False
    elif instance.instances is not None:
        options["instances"] = instance.instances
    ends = {"label": "label", "instance": "inst", "target": "img"}
    _write(splits, shapes, lambda split, name, of: folder / f"{split}_{ends[of]}" / f"{name}.png")
    return options


def write_table(splits: Splits, folder: Path, like: DataSpec) -> dict[str, Any]:
    """Write FOLDER/SPLIT/MAP/NAME.png, and FOLDER/SPLIT.csv, which names them.

    Returns:
        The options that read them.

    Raises:
        DataError: a map does not fit into a PNG, or a file cannot be written.
    """
    shapes = like.maps()
    options = png_modes(like) | id_options(like)
    written = _write(splits, shapes, lambda split, name, of: folder / split / of / f"{name}.png")
    for split, names in written.items():
        lines = [{"name": one, **{of: f"{split}/{of}/{one}.png" for of in shapes}} for one in names]
        write_rows(folder / f"{split}.csv", ["name", *shapes], lines)
    return {"root": str(folder), **options}


def png_modes(like: DataSpec) -> dict[str, Any]:
    """The option of a table whose pictures are PNG of 8 bits, where there are pictures.

    Raises:
        DataError: their numbers are others, or no PNG holds them.
    """
    modes = {name: _mode(name, like) for name, image in like.maps().items() if not image.ids}
    return {"pictures": modes} if modes else {}


def id_options(like: DataSpec) -> dict[str, Any]:
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
    splits: Splits, shapes: Mapping[str, Image], place: Callable[[str, str, str], Path]
) -> dict[str, list[str]]:
    """Write every map of every sample to its place, by split, name and map; the names by split."""
    names: dict[str, list[str]] = {split: [] for split in splits}
    for split, samples in splits.items():
        for sample in samples:
            name = PurePosixPath(sample.name)
            if name.is_absolute() or ".." in name.parts or not name.parts:
                raise DataError(f"{split}: {sample.name!r} cannot be the name of a file")
            for key, image in shapes.items():
                path = place(split, sample.name, key)
                _save(path, _pixels(path, sample.maps[key], image))
            names[split].append(sample.name)
    return names


def _pixels(path: Path, map_: Tensor, image: Image) -> np.ndarray[Any, Any]:
    """What a PNG holds of a map `C H W`: `H W` or `H W C`.

    Raises:
        DataError: a PNG does not hold it.
    """
    if image.ids:
        low, high = int(map_.min()), int(map_.max())
        if low < 0 or high > LARGEST:
            raise DataError(
                f"{path}: the id {low if low < 0 else high} does not fit into 16 bits; ids of 0 to "
                f"{LARGEST} do"
            )
        return map_[0].numpy().astype(np.uint8 if high < 256 else np.uint16)
    if map_.dtype != torch.uint8:
        raise DataError(
            f"{path}: pictures of 8 bits can be written, and this one holds {map_.dtype}; its "
            "numbers would be rounded"
        )
    if len(map_) not in CHANNELS:
        raise DataError(f"{path}: a PNG holds 1 to 4 channels, and this picture has {len(map_)}")
    pixels = np.ascontiguousarray(rearrange(map_, "c h w -> h w c").numpy())
    return pixels[..., 0] if len(map_) == 1 else pixels


def _save(path: Path, pixels: np.ndarray[Any, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:  # two samples of one name would be one file
            PIL.fromarray(pixels).save(file, format="PNG")
    except OSError as problem:
        raise _unwritten(path, problem) from problem


def _unwritten(path: Path, problem: OSError) -> DataError:
    why = problem.strerror or problem
    return DataError(f"cannot write {path}: {why}; name another folder, or make room")


def _mode(name: str, like: DataSpec) -> str | int:
    """What a recipe says of pictures of so many channels.

    Raises:
        DataError: their numbers are not those of 8 bits, or no PNG holds them.
    """
    values, channels = like.values(name), like.maps()[name].channels
    if not values.plain:
        raise DataError(
            f"{name} holds {values.dtype} from {values.low:g} to {values.high:g}; PNG of 8 bits "
            "hold 0 to 255 alone, so its numbers would be rounded"
        )
    if channels not in CHANNELS or values.colors == "cmyk":
        raise DataError(f"{name} has {channels} channels that a PNG does not hold: 1 to 4 it does")
    return values.colors or MODES.get(channels, channels)


def _listed(shapes: Mapping[str, Image]) -> str:
    return ", ".join(
        f"{name} ({'ids' if image.ids else 'pictures'})" for name, image in shapes.items()
    )
