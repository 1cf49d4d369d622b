"""Samples -> files of another layout, read back to be sure."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.errors import DataError, UserError
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import progress


def convert(
    like: DataSpec, splits: Mapping[str, Dataset], folder: Path, to: type[DataSpec]
) -> DataSpec:
    """Write all splits of some data in another layout.

    Args:
        like: The data.
        splits: What is written of it.
        folder: Is made; what is there already must be empty.
        to: Whose layout.

    Returns:
        What reads it.

    Raises:
        DataError: the folder is not empty, the layout does not hold such maps, a sample cannot be
            read, or reads back another. What was written is taken away again.
    """
    refuse_full(folder)
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        written = to.write({name: _read(name, each) for name, each in splits.items()}, folder, like)
        compare(written, splits)
    except BaseException:
        for path in [folder] if made else [*folder.iterdir()]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    return written


def write_anywhere(
    like: DataSpec, splits: Mapping[str, Dataset], folder: Path, zoo: Zoo | None = None
) -> DataSpec:
    """As `convert`, in the first layout that holds such maps: built-ins first, in the order in
    which their plugins name them.

    Raises:
        DataError: none does.
    """
    refuse_full(folder)
    return first_that(
        "write", lambda spec: convert(like, splits, folder, spec), zoo, "no layout holds it"
    )


def first_that(
    word: str, make: Callable[[type[DataSpec]], DataSpec], zoo: Zoo | None, told: str
) -> DataSpec:
    """What the first data makes that says a word by itself, such as `write`.

    Args:
        word: The class method.
        make: Calls it.
        zoo: Whose data are asked, in the order in which plugins name them.
        told: What is said before the reasons where all refuse.

    Raises:
        DataError: all do; or the disk does, which others would meet too.
    """
    reasons = []
    for spec in (spec for plugin in (zoo or Zoo.installed()).plugins for spec in plugin.components):
        if not issubclass(spec, DataSpec):
            continue
        if getattr(spec, word).__func__ is getattr(DataSpec, word).__func__:
            continue
        try:
            return make(spec)
        except DataError as problem:
            if isinstance(problem.__cause__, OSError):
                raise
            reasons.append(str(problem))
    raise DataError("\n".join([f"{told}:", *reasons]))


def refuse_full(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        UserError: it does, or it is a file.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "is not empty" if folder.is_dir() else "is a file"
        raise UserError(f"{folder} {what}; name a folder that is not there yet")


def compare(written: DataSpec, splits: Mapping[str, Dataset]) -> None:
    """Read every sample of both.

    Raises:
        DataError: one is not the same in every map; names it.
    """
    for split, dataset in splits.items():
        back = written.open(split)
        names = names_of(back)
        with progress(len(dataset), f"comparing {split}") as advance:
            for index in range(len(dataset)):
                sample = dataset.read(index, None)
                if sample.name not in names:
                    raise DataError(f"{split}/{sample.name} was written, and is not found again")
                refuse_difference(split, sample, back.read(names[sample.name], None))
                advance()


def names_of(dataset: Dataset) -> dict[str, int]:
    """Name -> index. Data in files tells names without reading pixels."""
    identity = getattr(dataset, "identity", None)
    if identity is not None:
        return {name: index for index, (name, _) in enumerate(identity())}
    return {dataset.read(index, None).name: index for index in range(len(dataset))}


def refuse_difference(split: str, sample: Sample, again: Sample) -> None:
    """Refuse a sample that was written and reads back another.

    Raises:
        DataError: names it.
    """
    for name, map_ in sample.maps.items():
        other = again.maps.get(name)
        if other is None or map_.shape != other.shape or not bool((map_ == other).all()):
            raise DataError(
                f"{split}/{sample.name}: {name} was {tuple(map_.shape)} of {map_.dtype} and reads "
                f"back {'nothing' if other is None else f'{tuple(other.shape)} of {other.dtype}'} "
                "or other numbers; this layout does not hold it"
            )


def _read(split: str, dataset: Dataset) -> Iterator[Sample]:
    with progress(len(dataset), f"writing {split}") as advance:
        for index in range(len(dataset)):
            yield dataset.read(index, None)
            advance()
