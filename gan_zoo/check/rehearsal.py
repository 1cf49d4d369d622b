"""A rehearsal: one step of every player in every phase on the meta device, with the real batch
and sizes, backward and optimizers included. Nothing is computed, but every shape, every operation
and every byte is seen.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from gan_zoo.assembly import Assembly, assemble
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.stage import Memory, Stage
from gan_zoo.recipe.model import Recipe

UNKNOWN_SIDE = 256  # where neither the recipe nor the data at hand tells


@dataclass
class Rehearsal:
    """What one phase would do.

    Args:
        phase: Its name.
        size: [height, width] that was rehearsed.
        assumed: Whether the size is a guess because nothing tells it.
        batch: Samples a step.
        precision: Type of the numbers that were counted.
        playing: Network -> parameters that take part.
        resting: Network -> parameters that do not.
        learning: Player -> parameters that move.
        receptive_field: Of the discriminator, in pixels; None without one.
        flop: Floating-point operations a step, as torch counts them.
        peak_bytes: Peak of live tensor bytes in a step: weights, optimizer state, activations.
    """

    phase: str
    size: tuple[int, int]
    assumed: bool
    batch: int
    precision: str
    playing: dict[str, int] = field(default_factory=dict)
    resting: dict[str, int] = field(default_factory=dict)
    learning: dict[str, int] = field(default_factory=dict)
    receptive_field: int | None = None
    flop: int = 0
    peak_bytes: int = 0


def rehearse(recipe: Recipe, size: tuple[int, int] | None = None) -> list[Rehearsal]:
    """Rehearse every phase.

    Args:
        recipe: Its contracts hold.
        size: Of the data at hand, for phases whose size only the data knows.
    """
    with torch.device("meta"):
        assembly = assemble(recipe, weights=False)
    memory: Memory = {}
    return [_phase(assembly, name, memory, size) for name in recipe.phases]


def _phase(
    assembly: Assembly, name: str, memory: Memory, known: tuple[int, int] | None
) -> Rehearsal:
    recipe = assembly.recipe.in_phase(name)
    wired = recipe.method.wire(recipe, recipe.phases[name].size)
    number = "float64" if recipe.engine.precision == "float64" else "float32"
    precision = Precision(torch.device("meta"), number, "contiguous")
    stage = Stage(assembly, name, precision, memory)
    stage.begin()
    multiple = recipe.generator.multiple()
    spare = known or (UNKNOWN_SIDE, UNKNOWN_SIDE)
    spare = (-(-spare[0] // multiple) * multiple, -(-spare[1] // multiple) * multiple)
    sizes = {key: image.size or spare for key, image in wired.maps.items()}
    first = next(iter(sizes.values()))
    assumed = known is None and any(image.size is None for image in wired.maps.values())
    found = Rehearsal(name, first, assumed, recipe.data.batch, number)

    def step() -> None:
        maps = {
            key: torch.empty(
                (recipe.data.batch, image.channels, *sizes[key]), dtype=torch.uint8, device="meta"
            )
            for key, image in wired.maps.items()
        }
        stage.step([maps])

    with watch() as bytes_seen:
        step()  # makes the gradients and the optimizers' state, which stay
        bytes_seen.forget_peak()
        with FlopCounterMode(display=False) as flops:
            step()
    found.flop = flops.get_total_flops()
    fixed = {
        tensor.untyped_storage()._cdata: tensor.untyped_storage().nbytes()
        for module in [*assembly.networks.values(), *stage.losses.values()]
        if isinstance(module, torch.nn.Module)
        for tensor in [*module.parameters(), *module.buffers()]
    }
    found.peak_bytes = bytes_seen.peak + sum(fixed.values())
    for network, module in assembly.networks.items():
        counts = {True: 0, False: 0}
        for parameter in module.parameters():
            counts[parameter.untyped_storage()._cdata in bytes_seen.used] += parameter.numel()
        found.playing[network], found.resting[network] = counts[True], counts[False]
    found.learning = {
        player.name: sum(p.numel() for p in player.learns.values())
        for player in stage.players.values()
    }
    if recipe.discriminator is not None:
        found.receptive_field = recipe.discriminator.receptive_field()
    return found


class Bytes(TorchDispatchMode):
    """Counts the bytes of live storages made under it, and notes which storages are used.

    This is the sum that torch's allocators keep, without kernels' scratch memory.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live = 0
        self.peak = 0
        self.used: set[int] = set()
        self._known: set[int] = set()

    def forget_peak(self) -> None:
        """Start the peak anew from what is alive."""
        self.peak = self.live

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for tensor in tree_leaves((args, kwargs)):
            if isinstance(tensor, Tensor):
                self.used.add(tensor.untyped_storage()._cdata)
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._add(tensor.untyped_storage())
        return made

    def _add(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known or key in self.used:
            return
        self._known.add(key)
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._drop, key, size)

    def _drop(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.used.discard(key)
        self.live -= size


@contextmanager
def watch() -> Iterator[Bytes]:
    """Count the bytes of everything that happens inside."""
    with Bytes() as seen:
        yield seen
