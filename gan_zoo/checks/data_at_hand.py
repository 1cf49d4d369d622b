"""What is wrong in the data at hand: by its own judgement, and by what a phase can work on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gan_zoo.checks.phase_contracts import size_misfit
from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.spec import Size
from gan_zoo.errors import UserError, format_size, printable, unreadable
from gan_zoo.recipe.wired import WiredPhase, WiredRecipe


@dataclass(frozen=True)
class Holding:
    """What lies in a split.

    Args:
        split: Its name.
        samples: How many there are.
        said: What was found, where, in which layout, what was passed over, and the size rule.
        facts: Why it is that layout, and the sizes and modes of the files; a clause each.
        example: The files of the first sample.
    """

    split: str
    samples: int
    said: str
    facts: list[str]
    example: list[str]

    def describe(self) -> str:
        """The facts and the example, its files as they lie beside each other, in one line."""
        facts = [*self.facts]
        if self.example:
            around = os.path.commonpath([os.path.dirname(file) for file in self.example])
            names = [os.path.relpath(file, around) for file in self.example]
            facts.append(f"for example {' and '.join(names)}")
        return printable("; ".join(facts))


def holdings(wired: WiredRecipe) -> list[Holding]:
    """What lies in the splits that a run would read; without those that cannot be opened, of which
    the mistakes tell. Headers are read, and no pixels.
    """
    data, found = wired.recipe.data, []
    if data.missing():
        return []
    for split in wired.recipe.splits():
        try:
            dataset = data.open(split)
            example = _first_files(dataset)
            facts = data.facts(split)
            said = printable(dataset.describe())
        except (UserError, OSError):
            continue
        found.append(Holding(split, len(dataset), said, facts, example))
    return found


def _first_files(dataset: Dataset) -> list[str]:
    """The files of the first sample, where the data knows them without reading pixels."""
    glances: Any = getattr(dataset, "glances", None)
    return [file for glance in islice(glances(), 1) for file in glance.files] if glances else []


def data_mistakes(wired: WiredRecipe, *, pixels: bool = False) -> list[str]:
    """The mistakes in the data at hand, in the splits and at the sizes that a run would read.

    Args:
        wired: A recipe whose contracts hold.
        pixels: Decode every file; a run starts without, and finds these mistakes as it goes.
    """
    try:
        return _mistakes(wired, pixels=pixels)
    except OSError as problem:  # whose data it is, it has no words for what the system refuses
        return [unreadable(problem)]


def _mistakes(wired: WiredRecipe, *, pixels: bool) -> list[str]:
    recipe = wired.recipe
    splits = recipe.splits()
    found: dict[str, None] = {}
    inspected: list[tuple[DataSpec, Size | None]] = []
    for name in recipe.phases:
        phase = wired.phase(name)
        data, size = phase.recipe.data, phase.phase.size
        if data.missing():
            continue
        if (data, size) not in inspected:
            inspected.append((data, size))
            look = data.decode if pixels else data.inspect
            for split, askers in splits.items():
                mistakes = [*look(split, size)]
                if mistakes and split != "train":
                    mistakes[0] += f" (the split '{split}' is read by {' and '.join(askers)})"
                found |= dict.fromkeys(mistakes)
        found |= dict.fromkeys(_misfits(phase))
    return list(found)


def first_size(wired: WiredRecipe) -> tuple[int, int] | None:
    """[height, width] of the first sample, for phases whose size only the data knows."""
    data = wired.recipe.data
    if all(image.size for image in data.maps().values()):
        return None
    first = next(iter(data.open("train").read(0, None).maps.values()))
    return first.shape[-2], first.shape[-1]


def _misfits(phase: WiredPhase) -> Iterator[str]:
    """The sizes of training that a phase cannot work at, or cannot batch, by file."""
    data = phase.recipe.data
    sizes = data.sizes("train", phase.phase.size)
    for size, file in sizes.items():
        if problem := size_misfit(phase, size):
            cure = _crop(phase, sizes)
            told = f"{file} is {format_size(size)} in training (height x width)"
            yield f"{told}: {problem}{cure}"
    if data.batch > 1 and len(sizes) > 1:
        (one, file), (other, another), *_ = sizes.items()
        cure = _crop(phase, sizes) or "; give a phase a size that all are resized to"
        yield (
            f"{file} is {format_size(one)} in training (height x width) and {another} is "
            f"{format_size(other)}, but a batch of {data.batch} needs one size{cure}, or "
            "data.batch=1"
        )


def _crop(phase: WiredPhase, sizes: Iterable[tuple[int, int]]) -> str:
    """The crop that every picture has room for and that fits; empty where there is none."""
    multiple = phase.recipe.generator.multiple()
    height, width = (min(sides) // multiple * multiple for sides in zip(*sizes, strict=True))
    if "crop" not in type(phase.recipe.data).model_fields or not height or not width:
        return ""
    if size_misfit(phase, (height, width)):
        return ""
    return f"; crop or load fits it: data.crop=[{height}, {width}]"
