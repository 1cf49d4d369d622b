"""A rehearsal: one step of every player in every phase on the meta device, with the real batch and
sizes, backward and optimizers included. Nothing is computed, but every shape and byte is seen.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.hooks import RemovableHandle

from gan_zoo.checks.last_batch import describe_last_batch, last_batch
from gan_zoo.checks.meta_precision import precision_on_meta
from gan_zoo.components.instance_ids import slot_maps
from gan_zoo.components.learning import Network
from gan_zoo.components.meta_device import on_meta
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import Assembly, assemble
from gan_zoo.engine.phase import Memory, PhaseRunner
from gan_zoo.engine.precision import steps_in_one_pass
from gan_zoo.errors import UserError, add_note_on_error
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe

UNKNOWN_SIDE = 256  # where neither the recipe nor the data at hand tells


@dataclass
class Rehearsal:
    """What one phase would do.

    Args:
        phase: Its name.
        size: [height, width] that was rehearsed.
        assumed: Whether the size is a guess because nothing tells it.
        batch: Samples a batch.
        accumulate: Batches a step.
        precision: In which numbers they were counted.
        playing: Network -> parameters that take part.
        resting: Network -> parameters that do not.
        learning: Player -> parameters that move.
        receptive_field: Of the discriminator, in pixels; None without one.
        flop: Floating-point operations a step, as torch counts them.
        peak_bytes: Peak of live tensor bytes in a step: weights, optimizer state, activations.
        mixing: Networks with batch norm, through which the samples of a batch see each other.
        resting_norms: Network -> which statistics its batch norms take that do not learn.
        held_bytes: What the method comes to hold in main memory, and in every checkpoint.
    """

    phase: str
    size: tuple[int, int]
    assumed: bool
    batch: int
    accumulate: int
    precision: str
    playing: dict[str, int] = field(default_factory=dict)
    resting: dict[str, int] = field(default_factory=dict)
    learning: dict[str, int] = field(default_factory=dict)
    receptive_field: int | None = None
    flop: int = 0
    peak_bytes: int = 0
    mixing: list[str] = field(default_factory=list)
    resting_norms: dict[str, list[str]] = field(default_factory=dict)
    held_bytes: int = 0


def rehearse(
    recipe: Recipe | WiredRecipe,
    size: tuple[int, int] | None = None,
    samples: Mapping[str, int] | None = None,
) -> list[Rehearsal]:
    """Rehearse every phase.

    Args:
        recipe: Its contracts hold.
        size: Of the data at hand, for phases whose size only the data knows.
        samples: Phase -> how many there are, where the data is at hand: the last batch of a pass
            is rehearsed too.

    Raises:
        UserError: a network cannot work on these batches.
    """
    counts = samples or {}
    with on_meta():
        assembly = assemble(recipe, weights=False, losses="built")
    memory = Memory()
    with Bytes() as seen:
        return [
            _phase(assembly, name, memory, size, seen, counts.get(name, 0))
            for name in assembly.recipe.phases
        ]


def _phase(
    assembly: Assembly,
    name: str,
    memory: Memory,
    known: tuple[int, int] | None,
    seen: Bytes,
    samples: int,
) -> Rehearsal:
    wired = assembly.wired.phase(name)
    recipe, maps = wired.recipe, wired.wiring.maps
    maps = {**maps, **slot_maps(maps)}
    precision = precision_on_meta(recipe.engine)
    with on_meta():  # for what the phase builds anew
        runner = PhaseRunner(assembly, name, precision, memory)
    runner.begin()
    sizes = {key: _size(recipe, image, known) for key, image in maps.items()}
    assumed = known is None and any(image.size is None for image in maps.values())
    batch, accumulate = recipe.data.batch, recipe.engine.accumulate
    found = Rehearsal(name, next(iter(sizes.values())), assumed, batch, accumulate, precision.name)

    def step(batch: int = found.batch) -> None:
        shapes = {key: (batch, image.channels, *sizes[key]) for key, image in maps.items()}
        kinds = {name: _kind(recipe, name, image) for name, image in maps.items()}
        runner.step([Blank(shapes, kinds)] * found.accumulate)

    for module in [*assembly.networks.values(), *runner.losses.values()]:
        if isinstance(module, nn.Module):
            seen.count([*module.parameters(), *module.buffers()])
    for player in runner.players.values():
        # One pass makes nothing on its way, elsewhere than here.
        if player.optimizer and steps_in_one_pass(player.optimizer):
            player.optimizer.register_step_pre_hook(lambda *_: seen.leave_out())
            player.optimizer.register_step_post_hook(lambda *_: seen.count_again())
    watching = _watch_sizes(runner)
    with FlopCounterMode(display=False) as flops:  # it holds on to graphs, so bytes are not counted
        step()  # makes the gradients and the optimizers' state, which stay
    for hook in watching:
        hook.remove()
    seen.forget()
    step()
    runner.remember()  # what a later phase does not move stays in memory all the same
    found.flop, found.peak_bytes = flops.get_total_flops(), seen.peak + _copies(assembly)
    method: Any = assembly.method
    if hasattr(method, "held_bytes"):
        found.held_bytes = method.held_bytes()
    for network, module in assembly.networks.items():
        counts = {True: 0, False: 0}
        for parameter in module.parameters():
            counts[seen.used(parameter)] += parameter.numel()
        found.playing[network], found.resting[network] = counts[True], counts[False]
        if any(isinstance(layer, _BatchNorm) for layer in module.modules()):
            found.mixing.append(network)
    for player in runner.players.values():
        moving = [p for p in player.learns.values() if seen.used(p)]
        found.learning[player.name] = sum(p.numel() for p in moving)
    found.resting_norms = {name: sorted(norms) for name, norms in runner.resting_norms.items()}
    if recipe.discriminator is not None:
        found.receptive_field = recipe.discriminator.receptive_field()
    if rest := last_batch(wired, samples):
        where = describe_last_batch(wired, samples)
        try:
            with add_note_on_error(where):
                step(rest)
        except UserError as problem:
            raise UserError(f"{where}, and {problem}; or take a sample out") from None
    return found


def _kind(recipe: Recipe, name: str, image: Image) -> torch.dtype:
    """What samples hold a map as."""
    if image.ids:
        return torch.int32
    return torch.uint8 if recipe.data.values(name).plain else torch.float32


class Blank(Mapping[str, Tensor]):
    """The maps of a batch as they arrive: they lie elsewhere until one is asked for."""

    def __init__(
        self, shapes: Mapping[str, tuple[int, ...]], kinds: Mapping[str, torch.dtype]
    ) -> None:
        self._shapes = shapes
        self._kinds = kinds

    def __getitem__(self, name: str) -> Tensor:
        return torch.empty(self._shapes[name], dtype=self._kinds[name], device="meta")

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)


def _watch_sizes(runner: PhaseRunner) -> list[RemovableHandle]:
    """Refuse a generator whose picture is not as large as its condition, by name; else only who is
    shown the picture beside the condition would complain.

    Raises:
        UserError: says what came.
    """
    hooks = []
    for network in runner.wired.wiring.networks:
        if not isinstance(network.spec, GeneratorSpec):
            continue

        def look(module: nn.Module, given: Any, made: Tensor, network: Network = network) -> None:
            wanted = (given[0].shape[0], network.wanted.channels, *given[0].shape[2:])
            if tuple(made.shape) != wanted:
                told = f"made a picture of {list(made.shape)} (batch, channels, height, width) of a"
                raise UserError(
                    f"{network.name}: the {network.spec.name} {told} condition of "
                    f"{list(given[0].shape)}; {list(wanted)} was expected. Mend the network, or "
                    "refuse such sizes in its spec's check()"
                )

        hooks.append(runner.cast.networks[network.name].register_forward_hook(look))
    return hooks


def _copies(assembly: Assembly) -> int:
    """Bytes of what callbacks keep: networks of their own, like those that make the picture."""
    maker = assembly.wiring.players[0]
    made = [net for name, net in assembly.networks.items() if assembly.owner(name) == maker]
    keeping = sum(bool(callback.keeps) for callback in assembly.recipe.callbacks.values())
    return keeping * sum(t.nbytes for net in made for t in (*net.parameters(), *net.buffers()))


def _size(recipe: Recipe, image: Image, known: tuple[int, int] | None) -> tuple[int, int]:
    """The size of a map: by the recipe, else of the data at hand, else the nearest to a guess that
    the generator takes.
    """
    multiple = recipe.generator.multiple()
    guess = -(-UNKNOWN_SIDE // multiple) * multiple
    height, width = known or (guess, guess)
    return image.height or height, image.width or width


class Bytes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own
    """Counts the bytes of live storages, and notes which of them are used: the sum which torch's
    allocators keep, without kernels' own. A storage is known by its address as long as it lives.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = 0
        self.peak = 0
        self._before = 0
        self._alive: set[int] = set()
        self._used: set[int] = set()

    def count(self, tensors: Iterable[Tensor]) -> None:
        """Count tensors that were there before."""
        for tensor in tensors:
            self._add(tensor.untyped_storage())

    def forget(self) -> None:
        """Start anew from what is alive."""
        self.peak = self.live
        self._used.clear()

    def leave_out(self) -> None:
        """From now on a peak is none, until `count_again`."""
        self._before = self.peak

    def count_again(self) -> None:
        """What is alive counts."""
        self.peak = max(self._before, self.live)

    def used(self, tensor: Tensor) -> bool:
        """Whether an operation took it since `forget`."""
        return tensor.untyped_storage()._cdata in self._used

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._used.update(map(self._add, _storages((args, kwargs))))
        made = func(*args, **(kwargs or {}))
        for storage in _storages(made):
            self._add(storage)
        return made

    def _add(self, storage: torch.UntypedStorage) -> int:
        address, size = int(storage._cdata), storage.nbytes()
        if address not in self._alive:
            self._alive.add(address)
            self.live += size
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self._drop, address, size).atexit = False
        return address

    def _drop(self, address: int, size: int) -> None:
        self._alive.discard(address)
        self._used.discard(address)
        self.live -= size


def _storages(tree: Any) -> Iterator[torch.UntypedStorage]:
    return (leaf.untyped_storage() for leaf in tree_leaves(tree) if isinstance(leaf, Tensor))
