"""Every sample of a split, read once: what is kept of it to judge by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.shapes import Image
from gan_zoo.data_tools import shifts
from gan_zoo.data_tools.partners import MOST, Form, form_of
from gan_zoo.data_tools.prints import GRID, Print, shrink, take_print, to_levels
from gan_zoo.data_tools.shifts import Floats, Pool, Shift
from gan_zoo.data_tools.thresholds import threshold
from gan_zoo.errors import DataError
from gan_zoo.reporter import progress

TARGET = "target"


@dataclass(frozen=True)
class Place:
    """Where a sample is.

    Args:
        split: In which split.
        sample: Its name; empty where all of the split are meant.
        index: Its number in the split.
    """

    split: str
    sample: str = ""
    index: int = -1

    def __str__(self) -> str:
        return f"{self.split}/{self.sample}" if self.sample else f"all of {self.split}"


@dataclass
class SamplePrint:
    """What is kept of one sample that was read."""

    index: int
    name: str
    files: tuple[str, ...]
    prints: Mapping[str, Print]
    shifts: Mapping[str, Shift]
    leaks: Mapping[str, float]
    forms: Mapping[str, Form]

    def at(self, split: str) -> Place:
        """Where it is."""
        return Place(split, self.name, self.index)


@dataclass
class SplitPrints:
    """All samples of a split that can be read.

    Args:
        split: Its name.
        samples: What is kept of each.
        pools: Input -> the correlations of all pairs.
        unread: What was raised by those that cannot be read.
    """

    split: str
    samples: list[SamplePrint] = field(default_factory=list)
    pools: dict[str, Pool] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def take_prints(
    split: str, dataset: Dataset, shapes: Mapping[str, Image], *, paired: bool
) -> SplitPrints:
    """Read every sample of a split once, without augmentation."""
    made = SplitPrints(split)
    paired = paired and TARGET in shapes
    formed = paired and len(dataset) <= MOST
    with progress(len(dataset), f"looking at {split}") as advance:
        for index, sample in enumerate(_read_all(dataset)):
            if isinstance(sample, DataError):
                made.unread.append(str(sample))
            else:
                made.samples.append(
                    _print_of(index, sample, shapes, made.pools, paired=paired, formed=formed)
                )
            advance()
    return made


def _read_all(dataset: Dataset) -> Iterator[Sample | DataError]:
    """Every sample, or what is wrong with it; in one go, where the data knows how."""
    read_all: Any = getattr(dataset, "read_all", None)
    if read_all is not None:
        yield from read_all()
        return
    for index in range(len(dataset)):
        try:
            yield dataset.read(index, None)
        except DataError as problem:
            yield problem


def _print_of(
    index: int,
    sample: Sample,
    shapes: Mapping[str, Image],
    pools: dict[str, Pool],
    *,
    paired: bool,
    formed: bool,
) -> SamplePrint:
    prints: dict[str, Print] = {}
    whole: dict[str, Tensor] = {}
    small: dict[str, Tensor] = {}
    edges: dict[str, Floats] = {}
    for name, image in shapes.items():
        map_ = sample.maps[name]
        if not image.ids:
            whole[name] = to_levels(map_)
            small[name] = shrink(whole[name], GRID, GRID)
        prints[name] = take_print(map_, whole.get(name), small.get(name))
        if paired:
            edges[name] = shifts.id_edges(map_) if image.ids else shifts.picture_edges(small[name])
    found: dict[str, Shift] = {}
    leaks: dict[str, float] = {}
    for name in edges:
        if name == TARGET or edges[name].shape != edges[TARGET].shape:
            continue
        places = shifts.correlate(edges[name], edges[TARGET])
        pools.setdefault(name, Pool()).add(places, prints[name].size)
        both = edges[name], edges[TARGET]
        found[name] = shifts.find_shift(places, prints[name].size, both)
        if name in whole and TARGET in whole:
            leaks[name] = _difference(name, whole, small)
    forms = {name: form_of(edges[name]) for name in edges} if formed else {}
    return SamplePrint(index, sample.name, sample.files, prints, found, leaks, forms)


def _difference(name: str, whole: Mapping[str, Tensor], small: Mapping[str, Tensor]) -> float:
    """The mean difference of the target's channels and those of an input that are most like them,
    in levels, of the worst. Means of parts cannot differ more, and are looked at first.
    """
    for at in (small, whole):
        each = [
            min(float((given - wanted).abs().mean()) for given in at[name]) for wanted in at[TARGET]
        ]
        if max(each) > threshold("leak.difference"):
            break
    return max(each)
