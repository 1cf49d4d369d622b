"""Real inputs for a comparison: pictures of the run's data, or given ones, cut to three sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from gan_zoo.components.data import move_data
from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.spec import Size
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference.translator import Translator

COUNT = 8  # pictures of every size
PLACES = 32  # where a part of a picture is looked for
LARGEST = 512  # of a side: a comparison on a CPU is to end
SHARES = ((1, 1), (3 / 4, 5 / 8), (3 / 8, 5 / 8))  # of height and width
CURE = "--data DIR names where it lies, and --input PICTURE takes pictures that need no data"

Maps = Mapping[str, Tensor]


def read_samples(
    model: Translator,
    *,
    data: str | Path | None = None,
    inputs: Sequence[str | Path] = (),
    size: Size | None = None,
) -> list[Maps]:
    """The inputs of up to eight samples, `C H W`.

    Args:
        model: The run.
        data: Another root for its data.
        inputs: Pictures, or folders of them, in place of the data's.
        size: Of the data's samples, where its own rule does not hold.

    Raises:
        UserError: there are none; says what to give.
    """
    found: list[Maps] = []
    for dataset in _datasets(model, data, inputs, size):
        for index in range(min(len(dataset), COUNT - len(found))):
            read = dataset.read(index, None).maps
            found.append({name: read[name] for name in model.inputs})
        if len(found) == COUNT:
            break
    if not found:
        raise UserError("no picture was found to compare the file with the run on; " + CURE)
    return found


def cut_to_sizes(samples: Sequence[Maps]) -> list[list[Maps]]:
    """Eight inputs of each of three sizes, which all samples hold: that of the data, up to a
    limit, and two with odd sides, one of them upright. Fewer samples are cut in several places.
    """
    sides = [next(iter(maps.values())).shape[-2:] for maps in samples]
    most = [min(LARGEST, min(side[dim] for side in sides)) for dim in (0, 1)]
    made = []
    for high, wide in SHARES:
        height, width = int(most[0] * high), int(most[1] * wide)
        if (high, wide) != (1, 1):
            height, width = max(1, height - 1 + height % 2), max(1, width - 1 + width % 2)
        made.append([_cut(samples[n % len(samples)], height, width, n) for n in range(COUNT)])
    return made


def _cut(maps: Maps, height: int, width: int, turn: int) -> Maps:
    """A part of a sample, each turn elsewhere; one that shows something, if it is found. A map of
    one class alone leaves an instance norm nothing but rounding, which it makes large.
    """
    high, wide = next(iter(maps.values())).shape[-2:]
    draw = torch.Generator().manual_seed(turn)
    part: Maps = maps
    for _ in range(PLACES):
        top = int(torch.randint(high - height + 1, (), generator=draw))
        left = int(torch.randint(wide - width + 1, (), generator=draw))
        part = {
            name: tensor[:, top : top + height, left : left + width].clone()
            for name, tensor in maps.items()
        }
        if any((one != one[:, :1, :1]).any() for one in part.values()):
            break
    return part


def _datasets(
    model: Translator,
    data: str | Path | None,
    inputs: Sequence[str | Path],
    size: Size | None,
) -> Iterator[Dataset]:
    """Where samples come from, the likeliest to be new to the run first.

    Raises:
        UserError: they are not there.
    """
    if inputs:
        for path in inputs:
            yield model.data.inputs(path, maps=model.inputs)
        return
    spec = model.data if data is None else move_data(model.data, data)
    splits = model.recipe.splits()
    problems = []
    for split in sorted(splits, key=lambda name: name == next(iter(splits))):
        try:
            yield spec.open(split, size)
        except DataError as problem:
            problems.append(problem)
    if len(problems) == len(splits):
        raise UserError(f"{problems[-1]}\nThe run's data is not at hand; {CURE}")
