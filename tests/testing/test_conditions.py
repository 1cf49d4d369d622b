"""Faults of conditions."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gan_zoo.components.shapes import Image
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


class Scaled(SourceSpec, name="scaled"):
    """The source and the target's mean, each with a weight that is learned."""

    def needs(self) -> tuple[str, ...]:
        return ("source", "target")

    def learns(self) -> bool:
        return True

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        return Scale()


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        target = self.weighed(maps["target"])
        return maps["source"] + target.mean(dim=(1, 2, 3), keepdim=True)

    def weighed(self, target: Tensor) -> Tensor:
        return target * self.weight


@fault("gradients stay with its player", "it reaches conditions.tested too")
class Leaking(Scaled, name="faulty"):
    """A condition that weighs the target in place."""

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        made = Scale()
        made.weighed = lambda target: target.mul_(made.weight)  # type: ignore[method-assign]
        return made


@fault("half holds what it says", "take exact_in_half out")
class Rounded(SourceSpec, name="faulty"):
    """A picture that says it were zeros and ones."""

    exact_in_half = True


class Jitter(nn.Module):
    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        return maps["source"] + torch.randn(()) * self.training


@fault("chance is declared", "declare by_chance = True in the spec")
class Jittery(SourceSpec, name="faulty"):
    """A condition that draws, and does not say so."""

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        return Jitter()


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(SourceSpec, Scaled)
