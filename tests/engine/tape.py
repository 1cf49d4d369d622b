"""A recorder for the CPU, as a CUDA graph is one for a GPU: it records every operation of a step by
the tensors that it was given, does none of it, and on replay does all of it again, on the same
tensors. What Python does in a step happens once, and who asks for a number is refused.

It knows no streams and no pools of memory, and holds all that a step makes, which a graph does not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

T = TypeVar("T")
WAITS = {
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.equal.default,
}


def tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


class Tape(TorchDispatchMode):
    """Writes down what is done in it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        self.before: dict[int, tuple[Any, Any]] = {}  # storages from outside, and copies of them
        self.made: set[int] = set()
        self.held: list[Any] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in WAITS:
            raise RuntimeError(f"{func} while a step is recorded")
        kwargs = kwargs or {}
        for tensor in tensors((args, kwargs)):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in self.made | self.before.keys():
                self.before[storage.data_ptr()] = storage, storage.clone()
        out = func(*args, **kwargs)
        for tensor in tensors(out):
            if tensor.untyped_storage().data_ptr() not in self.before:
                self.made.add(tensor.untyped_storage().data_ptr())
                self.held.append(tensor)  # else another storage could take its address
        self.calls.append((func, args, kwargs, out))
        return out

    def undo(self) -> None:
        for storage, before in self.before.values():
            storage.copy_(before)

    def replay(self) -> None:
        with torch.no_grad(), torch._C._AutoDispatchBelowAutograd():
            for func, args, kwargs, out in self.calls:
                again = func(*args, **kwargs)
                for old, new in zip(tensors(out), tensors(again), strict=True):
                    if old.data_ptr() != new.data_ptr():
                        old.copy_(new)


class TapeRecorder:
    """As `CudaRecorder`."""

    def __init__(self, device: torch.device) -> None:
        self.tapes: list[Tape] = []

    def warm(self) -> AbstractContextManager[None]:
        return nullcontext()

    def record(self, work: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        tape, drawn = Tape(), torch.get_rng_state()
        try:
            with tape:
                made = work()
        finally:
            tape.undo()
            torch.set_rng_state(drawn)
        self.tapes.append(tape)
        return made, tape.replay
