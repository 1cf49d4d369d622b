"""Faults of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from gan_zoo.components.watching import MetricSpec
from tests.testing.faults import Faults, sound

fault = Faults()


class Difference(MetricSpec, name="difference"):
    """A metric without a fault."""

    protocol = "mean of the mean absolute differences, 0 to 255"

    def build(self) -> Any:
        class Mean:
            values: list[float]

            def __init__(self) -> None:
                self.values = []

            def update(self, generated: Tensor, real: Tensor) -> None:
                self.values.append((generated.float() - real.float()).abs().mean().item())

            def compute(self) -> float:
                return float(np.mean(self.values))

        return Mean()


@fault("equal pictures score best", "set lower_is_better")
class Upside(Difference, name="faulty"):
    """A metric that points the wrong way."""

    lower_is_better = False


@fault("equal pictures score best", "came:     an empty text")
class Tacit(Difference, name="faulty"):
    """A metric that does not say how it is computed."""

    protocol = ""


@fault("order does not count", "start build() afresh")
class Sticky(Difference, name="faulty"):
    """A metric that remembers earlier runs."""

    def build(self) -> Any:
        made = super().build()
        made.values = REMEMBERED
        return made


@fault("accumulators stand alone", "let compute() leave it as it is")
class Fleeting(Difference, name="faulty"):
    """A metric that forgets what it was asked for."""

    def build(self) -> Any:
        made = super().build()

        def compute() -> float:
            values, made.values = made.values, made.values[-1:]
            return float(np.mean(values))

        made.compute = compute
        return made


@fault("accumulators stand alone", "hold what is accumulated in the object")
class Shared(Difference, name="faulty"):
    """A metric whose accumulators begin afresh, and then share what they hold."""

    def build(self) -> Any:
        made = super().build()
        REMEMBERED_TOO.clear()
        made.values = REMEMBERED_TOO
        return made


REMEMBERED_TOO: list[float] = []
REMEMBERED: list[float] = []


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(Difference)
