"""What a step does on the host and would have to do anew at every step: numbers that Python draws
or counts, tensors that it puts in the places of others. A recorded step would only repeat it.
"""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from gan_zoo.engine.cast import Cast
from gan_zoo.errors import UserError

PLAIN = (bool, int, float, complex, str, bytes, type(None))
DEEPEST = 4  # containers in containers that are looked into
# What remembers where it is in a stream of numbers -> how that is asked of it.
DRAWN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (random.Random, lambda one: one.getstate()),
    (torch.Generator, lambda one: one.get_state().tolist()),  # one of its own is not recorded
)


@contextmanager
def refusing_host_work(
    phase: str, cast: Cast, losses: Mapping[str, Any], method: Any, device: torch.device
) -> Iterator[None]:
    """In here a step is taken that must be the same work as all of its kind.

    Args:
        phase: Its name.
        cast, losses, method: Who plays.
        device: Where.

    Raises:
        UserError: it is not.
    """
    conditions = {f"conditions.{name}": one for name, one in cast.conditions.items()}
    named = {**cast.networks, **conditions, "method": method}
    named |= {f"losses.{name}": one for name, one in losses.items()}
    before = host_state(named, device)
    cast.noted.clear()
    yield
    found = [f"it {noted}" for noted in sorted(cast.noted)]
    if tree_leaves(getattr(method, "state", dict)()):
        found.append("its method remembers what steps made, in Python, as an image pool does")
    else:
        found += [f"it {one}" for one in describe_host_work(before, host_state(named, device))]
    if found:
        raise UserError(tell_obstacles(phase, found))


def tell_obstacles(phase: str, found: Iterable[str]) -> str:
    """Why the steps of a phase cannot be recorded, for people."""
    told = "".join(f"\n  {one}" for one in found)
    return (
        f"engine.graphs: on came, and a step of phase {phase} is not the same work every time:"
        f"{told}\nUse engine.graphs: off, which takes steps as ever"
    )


def host_state(named: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """What a step may move on the host: plain values of what plays, and streams of numbers.

    Args:
        named: Name -> a module, or another object.
        device: Where steps compute; its own generator is recorded.
    """
    found: dict[str, Any] = {"random": random.getstate()}
    if (numpy := sys.modules.get("numpy")) is not None:
        found["numpy.random"] = repr(numpy.random.get_state())
    if device.type != "cpu":
        found["torch's generator on the CPU"] = torch.get_rng_state().tolist()
    for name, one in named.items():
        for path, part in _parts(name, one):
            for key, value in vars(part).items():
                if key not in ("_modules", "training"):
                    found[f"{path}.{key}"] = _plain(value, device)
    return found


def describe_host_work(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """In words, what a step did there; nothing of one that is the same work every time.

    Args:
        before, after: The `host_state` before and after it.
    """
    moved = [name for name, value in after.items() if before.get(name, ...) != value]
    streams = ("random", "numpy.random", "torch's generator on the CPU")
    drawn = [f"draws numbers from {name}" for name in streams if name in moved]
    return drawn + [f"changes {name} from step to step" for name in moved if name not in streams]


class _Seen:
    """A tensor as it was seen. On the device it may change in place, which is recorded; another one
    in its place is not, nor is what changes on the host.
    """

    def __init__(self, tensor: Tensor, device: torch.device) -> None:
        self.tensor = tensor
        on_host = tensor.device.type == "cpu" != device.type
        self.values = tensor.detach().clone() if on_host else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Seen) or self.tensor is not other.tensor:
            return False
        if self.values is None or other.values is None:
            return True
        return torch.equal(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]


def _parts(name: str, one: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(one, nn.Module):
        for path, layer in one.named_modules():
            yield f"{name}.{path}" if path else name, layer
    elif hasattr(one, "__dict__"):
        yield name, one


def _plain(value: Any, device: torch.device, depth: int = 0) -> Any:
    """What can be compared of a value."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Tensor):
        return _Seen(value, device)
    for kind, ask in DRAWN:
        if isinstance(value, kind):
            return ask(value)
    if hasattr(value, "bit_generator"):  # numpy's
        return repr(value.bit_generator.state)
    if depth < DEEPEST and isinstance(value, list | tuple | deque | set | frozenset):
        return tuple(_plain(item, device, depth + 1) for item in value)
    if depth < DEEPEST and isinstance(value, Mapping):
        return {str(key): _plain(item, device, depth + 1) for key, item in value.items()}
    own = getattr(value, "__dict__", None)
    if depth < DEEPEST and own and not callable(value) and not isinstance(value, ModuleType):
        return {key: _plain(item, device, depth + 1) for key, item in own.items()}
    return type(value).__name__
