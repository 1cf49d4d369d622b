"""What a step does on the host and would have to do anew at every step: numbers that Python draws
or counts, which a recorded step would only repeat.
"""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

PLAIN = (bool, int, float, complex, str, bytes, type(None))
DEEPEST = 4  # containers in containers that are looked into
# What remembers where it is in a stream of numbers -> how that is asked of it.
DRAWN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (random.Random, lambda one: one.getstate()),
    (torch.Generator, lambda one: one.get_state().tolist() if one.device.type == "cpu" else ()),
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
                if key not in ("_parameters", "_buffers", "_modules", "training"):
                    found[f"{path}.{key}"] = _plain(value)
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


def _parts(name: str, one: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(one, nn.Module):
        for path, layer in one.named_modules():
            yield f"{name}.{path}" if path else name, layer
    elif hasattr(one, "__dict__"):
        yield name, one


def _plain(value: Any, depth: int = 0) -> Any:
    """What can be compared of a value; tensors are the device's."""
    if isinstance(value, PLAIN):
        return value
    for kind, ask in DRAWN:
        if isinstance(value, kind):
            return ask(value)
    if hasattr(value, "bit_generator"):  # numpy's
        return repr(value.bit_generator.state)
    if depth < DEEPEST and isinstance(value, list | tuple | deque | set | frozenset):
        return tuple(_plain(item, depth + 1) for item in value)
    if depth < DEEPEST and isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    return type(value).__name__
