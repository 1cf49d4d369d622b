"""How far a file's pictures are from those of the run that it was written of."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.components.instance_ids import renumber
from gan_zoo.inference.export.ports import Port
from gan_zoo.inference.networks import to_8bit
from gan_zoo.inference.styles.rules import read_rules
from gan_zoo.inference.translator import Translator

Arrays = list[np.ndarray]
Run = Callable[[Arrays], Arrays]  # inputs in the order of the ports -> both outputs
BATCHES = (1, 3, 4)  # in which the pictures of a size are given to a file


@dataclass(frozen=True)
class Tolerance:
    """What a file may differ by.

    Args:
        largest: Between two numbers in [-1, 1].
        levels: Between two pixels, of 255.
        share: Of pixels that keep to these levels in all channels.
    """

    largest: float
    levels: int
    share: float


FULL = Tolerance(1e-3, 1, 0.9999)
HALF = Tolerance(2e-2, 1, 0.999)  # weights of 11 bits


@dataclass(frozen=True)
class Figures:
    """What a comparison measured.

    Args:
        largest: Difference between two numbers in [-1, 1]; of a target that is not of 8 bits, the
            first output is taken to [-1, 1] and counts too. NaN where any of them was none.
        share: Of pixels within the levels of the tolerance in all channels.
        pictures: That were compared.
        sizes: Their heights and widths.
        tolerance: What was allowed.
        run_seconds, file_seconds: For all of them.
    """

    largest: float
    share: float
    pictures: int
    sizes: tuple[tuple[int, int], ...]
    tolerance: Tolerance
    run_seconds: float
    file_seconds: float

    @property
    def ok(self) -> bool:
        """Whether it is within the tolerance; what is no number is not."""
        return self.largest <= self.tolerance.largest and self.share >= self.tolerance.share

    def as_data(self) -> dict[str, Any]:
        """For a file; how long it took says nothing of it."""
        data = asdict(self)
        del data["tolerance"], data["run_seconds"], data["file_seconds"]
        return data

    def __str__(self) -> str:
        sizes = ", ".join(f"{height}x{width}" for height, width in self.sizes)
        allowed, many = self.tolerance, "s" * (self.tolerance.levels != 1)
        return (
            f"{self.pictures} pictures at {sizes}: largest difference {self.largest:.2g} (allowed "
            f"{allowed.largest:g}), {self.share:.4%} of pixels within {allowed.levels} level{many} "
            f"of 255 (allowed {allowed.share:.2%})"
        )


def compare(
    model: Translator,
    ports: Sequence[Port],
    run: Run,
    samples: Sequence[Sequence[Mapping[str, Tensor]]],
    tolerance: Tolerance,
) -> Figures:
    """Make the same pictures by the run and by a file.

    Args:
        model: The run.
        ports: The file's inputs.
        run: Calls the file.
        samples: Inputs, those of one size together.
        tolerance: What is allowed.
    """
    largest, good, pixels = 0.0, 0, 0
    seconds = [0.0, 0.0]
    values = model.values(model.target)
    for same in samples:
        inputs, ours = [], []
        for turn, maps in enumerate(same):
            began = time.perf_counter()
            given, style = _given(model, ports, maps, turn)
            ours.append(model.output(maps, style=style))
            seconds[0] += time.perf_counter() - began
            inputs.append(given)
        theirs = []
        for batch in _batches(inputs):
            began = time.perf_counter()
            pictures, numbers = run([np.stack(each) for each in zip(*batch, strict=True)])
            seconds[1] += time.perf_counter() - began
            theirs += [*zip(pictures, numbers, strict=True)]
        for made, (picture, floats) in zip(ours, theirs, strict=True):
            drawn, other = torch.from_numpy(picture), torch.from_numpy(floats)
            apart = [largest, _largest(made - other)]
            if not values.plain:  # the first output has all digits, so that it is compared as well
                drawn = (drawn.double() - values.low) / (values.high - values.low) * 2 - 1
                apart.append(_largest(made - drawn))
                drawn = to_8bit(drawn)
            largest = math.nan if any(map(math.isnan, apart)) else max(apart)
            levels = (to_8bit(made).int() - drawn.int()).abs().amax(0)
            good += int((levels <= tolerance.levels).sum())
            pixels += levels.numel()
    sizes = [next(iter(same[0].values())).shape[-2:] for same in samples]
    return Figures(
        largest,
        good / pixels,
        sum(map(len, samples)),
        tuple((int(height), int(width)) for height, width in sizes),
        tolerance,
        *seconds,
    )


def _largest(apart: Tensor) -> float:
    """NaN where one of them is none."""
    return float(apart.abs().max())


def _given(
    model: Translator, ports: Sequence[Port], maps: Mapping[str, Tensor], turn: int
) -> tuple[Arrays, dict[str, Tensor] | None]:
    """What a file is given of a sample, and the style of a call that means the same."""
    ready = renumber(maps, model.shapes)
    style = _drawn_style(model, ready, turn)
    told = model.stylist.styles(ready, read_rules(style), 0)
    given = []
    for port in ports:
        if not port.styles:
            given.append(port.write((ready if port.numbered else maps)[port.name]))
            continue
        zeros = torch.zeros(1, port.slots, port.channels)
        given.append(port.write(told.get(f"conditions.{port.styles}", zeros)[0]))
    return given, style


def _drawn_style(
    model: Translator, ready: Mapping[str, Tensor], turn: int
) -> dict[str, Tensor] | None:
    """Numbers for every id of a picture, so that styles are compared too; where several conditions
    take some, a call cannot say them apart, and those of a translation are taken.
    """
    if len(model.stylist.id_maps) != 1:
        return None
    [(name, over)] = model.stylist.id_maps.items()
    channels = model.recipe.conditions[name].gives(model.shapes).channels
    slots = model.stylist.slots(name, ready)
    whom = "class" if model.shapes[over].instances is None else "instance"
    draw = torch.Generator().manual_seed(turn)
    return {
        f"{whom}:{int(slots.raw[slot])}": torch.rand(channels, generator=draw) * 2 - 1
        for slot in slots.there()
    }


def _batches(inputs: Sequence[Arrays]) -> list[Sequence[Arrays]]:
    """In batches of several numbers, of one too."""
    made, at = [], 0
    for many in BATCHES:
        made.append(inputs[at : at + many])
        at += many
    return made
