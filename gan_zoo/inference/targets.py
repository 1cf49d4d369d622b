"""Where translations are written: all places are judged before the first is."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Hashable, Sequence
from pathlib import Path, PurePath
from typing import Any

from PIL import Image as PIL

from gan_zoo.components.data import Glance
from gan_zoo.components.interfaces import Dataset
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference.picture_files import SUFFIXES

SHOWN = 5  # names in a message


def single_target(input: Path, output: Path) -> Path | None:
    """The one file to write, or None for a folder of them.

    Raises:
        UserError: the output is of the wrong kind, or lies within the input.
    """
    suffix = output.suffix.lower()
    if not input.is_dir() and not output.is_dir():
        if suffix in SUFFIXES:
            return output
        if suffix in PIL.registered_extensions():
            raise UserError(
                f"{output}: translations are PNG or TIFF files, which keep every pixel; "
                f"name it {output.with_suffix('.png')}, or name a folder"
            )
    if output.exists() and not output.is_dir():
        raise UserError(f"{output} is a file; a folder was expected")
    if input.is_dir():
        if _lies_in(output, input):
            raise UserError(
                f"{output} lies in {input}, whose pictures are all inputs; name a folder elsewhere"
            )
        if suffix in SUFFIXES:
            raise UserError(f"{output} names a file, but {input} is a folder; name a folder")
    return None


def glance(dataset: Dataset) -> Sequence[Glance]:
    """What is known of the samples before the first is translated."""
    glances: Any = getattr(dataset, "glances", None)
    if glances is not None:
        return [*glances()]
    found = []
    for index in range(len(dataset)):  # one that tells nothing beforehand is read twice
        try:
            sample = dataset.read(index, None)
        except DataError as problem:
            found.append(Glance(f"number {index + 1}", (), str(problem)))
        else:
            found.append(Glance(sample.name, sample.files))
    return found


def place_targets(
    samples: Sequence[Glance], output: Path, suffix: str | Sequence[str], single: Path | None
) -> list[Path | None]:
    """The file of each sample; None of those that are left out.

    Args:
        samples: What is known of them.
        output: The folder.
        suffix: Of all files, or of each.
        single: The one file, where a file was named.

    Raises:
        UserError: one is an input of any sample, or lies outside the folder, or two are one file.
    """
    found: list[Path | None] = []
    suffixes = [suffix] * len(samples) if isinstance(suffix, str) else suffix
    for sample, ending in zip(samples, suffixes, strict=True):
        if sample.fault:
            found.append(None)
            continue
        if _leads_out(sample.name):
            raise UserError(
                f"the sample {sample.name} would be written outside {output}; name it without .. "
                "and without a place of its own"
            )
        found.append(single or output / f"{sample.name}{ending}")
    _refuse_inputs(samples, found)
    _refuse_doubles(samples, found, output)
    return found


def _refuse_inputs(samples: Sequence[Glance], targets: Sequence[Path | None]) -> None:
    inputs = {mark for sample in samples for file in sample.files if (mark := _mark(Path(file)))}
    hit = [str(target) for target in targets if target and _mark(target) in inputs]
    if hit:
        several = f"{_listed(hit)} are inputs" if len(hit) > 1 else f"{hit[0]} is an input"
        raise UserError(f"{several}, and no input is overwritten; name another folder")


def _refuse_doubles(
    samples: Sequence[Glance], targets: Sequence[Path | None], output: Path
) -> None:
    folded = ignores_case(output)
    parents: dict[Path, Path] = {}
    seen: dict[str, str] = {}
    for sample, target in zip(samples, targets, strict=True):
        if target is None:
            continue
        if target.parent not in parents:
            parents[target.parent] = target.parent.resolve()
        place = str(parents[target.parent] / target.name)
        key = unicodedata.normalize("NFC", place).casefold() if folded else place
        source = (*sample.files, sample.name)[0]
        if key in seen:
            raise UserError(
                f"{seen[key]} and {source} would both be written to {target}"
                + ", since its file system ignores letter case" * (folded and place not in seen)
                + "; rename one, or translate them into two folders"
            )
        seen[key] = source


def ignores_case(folder: Path) -> bool:
    """Whether the file system of a folder, which need not exist, takes two letter cases for one."""
    here = folder.absolute()
    for parent in (here, *here.parents):
        turned = parent.name.swapcase()
        if parent.exists() and turned != parent.name:
            other = parent.with_name(turned)
            return other.exists() and os.path.samefile(parent, other)
    return False


def _lies_in(output: Path, folder: Path) -> bool:
    """Whether it does, by whatever names."""
    here = output.resolve()
    own = _mark(folder)
    return any(_mark(parent) == own for parent in (here, *here.parents))


def _leads_out(name: str) -> bool:
    pure = PurePath(name)
    return pure.is_absolute() or bool(pure.drive) or ".." in pure.parts


def _mark(path: Path) -> Hashable | None:
    """What is equal for one file under all of its names; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    if found.st_ino:
        return found.st_dev, found.st_ino
    return os.path.normcase(path.resolve())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)
