"""Faults of discriminators."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.shapes import Image
from gan_zoo.testing.stand_ins import CriticSpec
from tests.testing.faults import Faults, Wrapped, sound

fault = Faults()


@fault("contract over odd sizes", "correct views(), or refuse these shapes in check()")
class Lying(CriticSpec, name="faulty"):
    """A discriminator whose views are not what it says."""

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        return [
            [image.with_channels(image.channels + 1) for image in super().views(given, wanted)[0]]
        ]


@fault("contract over odd sizes", "called with a batch of 1 (narrow: True, ")
class SometimesLying(CriticSpec, name="faulty"):
    """A discriminator whose option changes what it makes and not what it says."""

    narrow: bool = False
    """Leave the second scale out."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        narrow = self.narrow
        network = super().build(given, wanted)
        return Wrapped(network, after=lambda views: views[:1] if narrow else views)


@fault("every channel that is shown counts", "channel 0, 1 of the picture has no part in it")
class Monochrome(CriticSpec, name="faulty"):
    """A discriminator that looks at the last channel of the picture alone."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Narrow(super().build(given, wanted))


class Narrow(Wrapped):
    def forward(self, *inputs: Tensor) -> Any:
        condition, picture = inputs
        hidden = torch.zeros_like(picture[:, :-1])
        return self.network(condition, torch.cat([hidden, picture[:, -1:]], dim=1))


@fault("receptive field is what a logit sees", "it sees 5x5 pixels")
class Boastful(CriticSpec, name="faulty"):
    """A discriminator that sees less than it says."""

    def receptive_field(self) -> int:
        return 7


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(CriticSpec)
