"""Faults of conditions."""

from __future__ import annotations

from collections.abc import Mapping

from gan_zoo.shapes import Image
from gan_zoo.testing.stand_ins import SourceSpec
from tests.testing.faults import Faults, sound

fault = Faults()


@fault("gives what it says over odd sizes", "correct gives()")
class Generous(SourceSpec, name="faulty"):
    """A condition that promises a channel more."""

    def gives(self, maps: Mapping[str, Image]) -> Image:
        return maps["source"].with_channels(maps["source"].channels + 1)


@fault("reads what needs says", "it never read target")
class Greedy(SourceSpec, name="faulty"):
    """A condition that asks for more than it reads."""

    def needs(self) -> tuple[str, ...]:
        return ("source", "target")


@fault("reads what needs says", "KeyError: 'source'")
class Sneaky(SourceSpec, name="faulty"):
    """A condition that reads more than it asks for."""

    def needs(self) -> tuple[str, ...]:
        return ("target",)


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(SourceSpec)
