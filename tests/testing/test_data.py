"""Faults of data."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from pydantic import Field

from gan_zoo.testing.stand_ins import Pictures, PicturesSpec
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
test_the_stand_in_data_is_sound = sound(Files)
