"""The real steps that a rehearsal is compared with."""

from __future__ import annotations

import torch
from torch import Tensor

from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import Memory, PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe

SMALL = {
    "data.load": None,
    "data.crop": [32, 32],
    "data.batch": 2,
    "generator.width": 4,
    "generator.depth": 4,
    "discriminator.width": 4,
    "discriminator.layers": 2,
}
LEAST_SQUARES = {"losses.gan.form": "least_squares", "losses.l1": None, "losses.l2": {"use": "l2"}}
BOTTLENECK = {"use": "encoder_decoder", "depth": 4, "norm": "instance"}


class Reality:
    """Plays two steps of every phase on the CPU, as the rehearsal does on paper."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.assembly = assemble(recipe)
        self.memory = Memory()

    def enter(self, phase: str) -> PhaseRunner:
        precision = Precision.of(**{**self.recipe.engine.computing, "device": "cpu"})
        runner = PhaseRunner(self.assembly, phase, precision, self.memory)
        runner.begin()
        return runner

    def batch(self, phase: str) -> dict[str, Tensor]:
        wired = WiredRecipe(self.recipe).phase(phase)
        maps = wired.wiring.maps
        batch = {}
        for name, image in maps.items():
            assert image.size is not None
            shape = (wired.recipe.data.batch, image.channels, *image.size)
            batch[name] = torch.zeros(shape, dtype=torch.uint8)
        return batch

    def weights(self) -> int:
        tensors = [
            t
            for net in self.assembly.networks.values()
            for t in (*net.parameters(), *net.buffers())
        ]
        return sum(tensor.untyped_storage().nbytes() for tensor in tensors)
