"""Faults of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from gan_zoo.components.interfaces import Sample
from gan_zoo.components.measuring import MetricContext
from gan_zoo.components.watching import MetricSpec
from tests.testing.faults import Faults, sound

fault = Faults()


class Difference(MetricSpec, name="difference"):
    """A metric without a fault."""

    protocol = "mean of the mean absolute differences, 0 to 255"

    def build(self, at: MetricContext) -> Any:
        class Mean:
            found: list[float]

            def __init__(self) -> None:
                self.found = []

            def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None:
                self.found.append((generated.float() - real.float()).abs().mean().item())

            def compute(self) -> float:
                return float(np.mean(self.found))

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

    def build(self, at: MetricContext) -> Any:
        made = super().build(at)
        made.found = REMEMBERED
        return made


@fault("accumulators stand alone", "let compute() leave it as it is")
class Fleeting(Difference, name="faulty"):
    """A metric that forgets what it was asked for."""

    def build(self, at: MetricContext) -> Any:
        made = super().build(at)

        def compute() -> float:
            values, made.found = made.found, made.found[-1:]
            return float(np.mean(values))

        made.compute = compute
        return made


@fault("accumulators stand alone", "hold what is accumulated in the object")
class Shared(Difference, name="faulty"):
    """A metric whose accumulators begin afresh, and then share what they hold."""

    def build(self, at: MetricContext) -> Any:
        made = super().build(at)
        REMEMBERED_TOO.clear()
        made.found = REMEMBERED_TOO
        return made


@fault("values are those of the pictures", "that no other picture changes")
class Running(Difference, name="faulty"):
    """A metric whose values of single pictures depend on those before."""

    def build(self, at: MetricContext) -> Any:
        made = super().build(at)
        made.values = lambda: np.cumsum(made.found).tolist()
        return made


@fault("values are those of the pictures", "set of_sets to False")
class Both(Difference, name="faulty"):
    """A metric that says only sets have a score, and gives one to every picture."""

    of_sets = True

    def build(self, at: MetricContext) -> Any:
        made = super().build(at)
        made.values = lambda: made.found
        return made


@fault("equal pictures score best", "name them in the class variable fields")
class Nameless(Difference, name="faulty"):
    """A metric of two numbers that does not say so."""

    def build(self, at: MetricContext) -> Any:
        made = super().build(at)
        compute = made.compute
        made.compute = lambda: {"mean": compute(), "twice": 2 * compute()}
        return made


REMEMBERED_TOO: list[float] = []
REMEMBERED: list[float] = []


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(Difference)
