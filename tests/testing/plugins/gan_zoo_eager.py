"""A plugin whose spec imports torch: `gan-zoo list` waits for it, whoever asks."""

from __future__ import annotations

from torch import nn  # at the top of the file that the entry point names

from gan_zoo.components.hooks import hookimpl
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Spec


class EagerSpec(GeneratorSpec, name="eager"):
    """A convolution."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """It, between -1 and 1."""
        return nn.Sequential(nn.Conv2d(given.channels, wanted.channels, 3, padding=1), nn.Tanh())


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The convolution."""
    return [EagerSpec]
