"""Noise of a call's own: torch's generators, which all threads share, give nothing to it."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor
from torch.utils import _python_dispatch as dispatch
from torch.utils._pytree import tree_leaves

from gan_zoo.engine.precision import generator_states, restore_generators
from gan_zoo.inference.networks import to_8bit

SHARED = threading.Lock()  # held while torch's own generators stand in for a call's


def seed_of(maps: Mapping[str, Tensor], seed: int) -> int:
    """The seed of an input's noise, by its pixels and `seed`: the same alone, in a batch, as
    floats, from a file or in a preview.
    """
    content = zlib.crc32(str(seed).encode())
    for name in sorted(maps):
        tensor = maps[name]
        if tensor.is_floating_point():
            tensor = to_8bit(tensor)
        elif tensor.dtype != torch.uint8:
            tensor = tensor.to(torch.int32)  # ids of any width
        content = zlib.crc32(tensor.cpu().contiguous().numpy().tobytes(), content)
    return content


class OwnNoise(dispatch.TorchDispatchMode):
    """What this thread draws in here, dropout and all, comes from generators of its own: of each
    device one, as torch's would give it after `torch.manual_seed(seed)`.

    Args:
        seed: Of the noise.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own
        self.seed = seed
        self.generators: dict[torch.device, torch.Generator] = {}

    @classmethod
    def of_this_thread(cls) -> OwnNoise | None:
        """The one that is drawn from here and now."""
        mode = dispatch._get_current_dispatch_mode()
        return mode if isinstance(mode, cls) else None

    def state(self) -> dict[torch.device, Tensor]:
        """What was drawn so far, to go back to."""
        return {device: drawn.get_state() for device, drawn in self.generators.items()}

    def has_drawn(self) -> bool:
        """Whether anything was drawn; layers that may draw ask for generators all the same."""
        fresh = {
            device: torch.Generator(device).manual_seed(self.seed) for device in self.generators
        }
        return any(
            not torch.equal(drawn.get_state(), fresh[device].get_state())
            for device, drawn in self.generators.items()
        )

    def rewind(self, state: Mapping[torch.device, Tensor]) -> None:
        """As if nothing had been drawn since."""
        self.generators = {device: self.generators[device] for device in state}
        for device, drawn in state.items():
            self.generators[device].set_state(drawn)

    @classmethod
    def ignore_compile_internals(cls) -> bool:
        """torch may compile in here: it would take no step that a mode sees for compilable, without
        a word. Compiled networks draw by the same operations, which come here when they run.
        """
        return True

    # torch's own way in sets flags of the whole process too, which threads would leave set.
    def __enter__(self) -> Self:
        dispatch._push_mode(self)
        return self

    def __exit__(self, *error: object) -> None:
        dispatch._pop_mode()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        if kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        generator = self._on(_device(args, kwargs))
        if (drawing := _with_generator(func)) is not None:
            return drawing(*args, **kwargs, generator=generator)
        with self:  # dropout is made of a draw and a product
            made = func.decompose(*args, **kwargs)
        return made if made is not NotImplemented else _swapped(func, args, kwargs, generator)

    def _on(self, device: torch.device) -> torch.Generator:
        """The generator of a device."""
        if device not in self.generators:
            self.generators[device] = torch.Generator(device).manual_seed(self.seed)
        return self.generators[device]


def _with_generator(func: Any) -> Any:
    """The same operation drawing from a given generator; None where torch has none."""
    if any(argument.name == "generator" for argument in func._schema.arguments):
        return func
    name = "generator" if func._overloadname == "default" else f"{func._overloadname}_generator"
    return getattr(func.overloadpacket, name, None)


def _device(args: Any, kwargs: Mapping[str, Any]) -> torch.device:
    """Where an operation draws."""
    tensors = [leaf for leaf in tree_leaves((args, dict(kwargs))) if isinstance(leaf, Tensor)]
    device = kwargs.get("device") or (tensors[0].device if tensors else torch.get_default_device())
    device = torch.device(device)
    if str(device) == "cuda":
        return torch.device("cuda", torch.cuda.current_device())
    return device


def _swapped(func: Any, args: Any, kwargs: Any, generator: torch.Generator) -> Any:
    """An operation that draws from torch's own generator alone, which stands in for this one."""
    device = generator.device
    with SHARED:
        before = generator_states(device)
        try:
            restore_generators({**before, device.type: generator.get_state()}, device)
            made = func(*args, **kwargs)
            generator.set_state(generator_states(device)[device.type])
        finally:
            restore_generators(before, device)
    return made
