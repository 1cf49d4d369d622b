"""Faults of data."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from pydantic import Field

from gan_zoo.components.shapes import Values
from gan_zoo.testing.stand_ins import LabelledSpec, Pictures, PicturesSpec
from tests.testing.faults import Faults, sound

fault = Faults()


class Files(PicturesSpec, name="files"):
    """Data without a fault."""

    workers: int = Field(0, ge=0)
    """None."""


def reading(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """An open() whose samples are changed: (sample, draw) -> sample."""

    class Changed(Pictures):
        def read(self, index: int, draw: Any) -> Any:
            return change(super().read(index, draw), draw)

    def open(self: Any, split: str, size: Any = None) -> Any:
        return Changed(self.maps(size))

    return open


@fault("samples are what maps says", "make maps() and read() agree")
class Grey(PicturesSpec, name="faulty"):
    """Data with a channel less than it says."""

    open = reading(
        lambda sample, draw: replace(
            sample, maps={name: tensor[:1] for name, tensor in sample.maps.items()}
        )
    )


def labelled(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """An open() of data with ids, in which the ids of classes are changed."""

    class Changed(Pictures):
        def read(self, index: int, draw: Any) -> Any:
            sample = super().read(index, draw)
            return replace(sample, maps={**sample.maps, "label": change(sample.maps["label"])})

    return lambda self, split, size=None: Changed(self.maps(size))


@fault("samples are what maps says", "what is uint8 becomes colors")
class Coloring(LabelledSpec, name="faulty"):
    """Data whose ids look like pictures."""

    open = labelled(lambda ids: ids.to(torch.uint8))


@fault("samples are what maps says", "the id 5")
class Straying(LabelledSpec, name="faulty"):
    """Data with an id beyond its classes."""

    open = labelled(lambda ids: ids + 3)


@fault("samples are what maps says", "expected: ids from 0 to 2147483647, at most 2 of them")
class Crowded(LabelledSpec, name="faulty"):
    """Data with more instances than it says."""

    def maps(self, size: Any = None) -> Any:
        maps = super().maps(size)
        return {**maps, "instance": replace(maps["instance"], instances=2)}

    def open(self, split: str, size: Any = None) -> Any:
        return Pictures(super().maps(size))


class Measured(Pictures):
    """Pictures whose sources are floats."""

    most = 1.0

    def read(self, index: int, draw: Any) -> Any:
        sample = super().read(index, draw)
        scaled = self.most * (sample.maps["source"] / 127.5 - 1)
        return replace(sample, maps={**sample.maps, "source": scaled})


class Wide(Measured):
    """The same beyond what they may be."""

    most = 2.0


class Depths(Files, name="depths"):
    """Data without a fault whose files hold other numbers than 0 to 255."""

    def values(self, name: str) -> Values:
        return Values("uint16", 0, 5000) if name == "source" else Values()

    def open(self, split: str, size: Any = None) -> Any:
        return Measured(self.maps(size))


@fault("samples are what maps says", "values() say what numbers the files hold")
class Unsaid(Depths, name="faulty"):
    """Data that does not say what its floats are."""

    def values(self, name: str) -> Values:
        return Values()


@fault("samples are what maps says", "came:     floats up to 2")
class Beyond(Depths, name="faulty"):
    """Data with floats beyond [-1, 1]."""

    def open(self, split: str, size: Any = None) -> Any:
        return Wide(self.maps(size))


@fault("datasets travel to workers", "let pickle carry everything")
class Homesick(PicturesSpec, name="faulty"):
    """Data that is another one abroad."""

    def open(self, split: str, size: Any = None) -> Any:
        return Homebound(self.maps(size))


@fault("datasets travel to workers", "in this process and in one of two workers")
class Local(PicturesSpec, name="faulty"):
    """Data that depends on who reads it."""

    def open(self, split: str, size: Any = None) -> Any:
        return Watched(self.maps(size))


class Watched(Pictures):
    def read(self, index: int, draw: Any) -> Any:
        sample = super().read(index, draw)
        by = os.getpid() % 9 if os.getpid() != READER else 9
        return replace(sample, maps={n: t.roll(by, -1) for n, t in sample.maps.items()})


READER = os.getpid()


class Homebound(Pictures):
    def __reduce__(self) -> Any:
        turned = {name: self.maps[name] for name in reversed(list(self.maps))}
        return Homebound, (turned,)


@fault("the draw alone decides", "torch's or numpy's global generator moved")
class Stray(PicturesSpec, name="faulty"):
    """Data that rolls torch's dice."""

    open = reading(
        lambda sample, draw: replace(
            sample,
            maps={n: t.roll(int(torch.randint(9, ())), -1) for n, t in sample.maps.items()},
        )
    )


@fault("the draw alone decides", "two samples")
class Moody(PicturesSpec, name="faulty"):
    """Data that is never the same twice."""

    open = reading(
        lambda sample, draw: replace(
            sample,
            maps={n: t.roll(random.randrange(9), -1) for n, t in sample.maps.items()},
        )
    )


@fault("datasets travel to workers", "hold paths and numbers")
class Rooted(PicturesSpec, name="faulty"):
    """Data that cannot be pickled."""

    open = reading(lambda sample, draw: sample)  # its class is local


@fault("samples have names and files", "a name comes twice")
class Nameless(PicturesSpec, name="faulty"):
    """Data with one name for all."""

    open = reading(lambda sample, draw: replace(sample, name="picture"))


@fault("mistakes are the users", "came:     ZeroDivisionError")
class Brittle(PicturesSpec, name="faulty"):
    """Data that knows one split only."""

    def open(self, split: str, size: Any = None) -> Any:
        1 / (split == "train")
        return super().open(split, size)


test_a_fault_is_found_and_said = fault.test()
test_the_stand_in_data_is_sound = sound(Files, Depths)
