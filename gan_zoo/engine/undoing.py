"""A step that leaves no trace: statistics and streams of numbers are as they were."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from gan_zoo.engine.precision import generator_states, restore_generators


@contextmanager
def undone(modules: Iterable[nn.Module], device: torch.device) -> Iterator[None]:
    """What is played in here moves no buffer, and nothing that torch or Python draws from.

    Args:
        modules: Who plays.
        device: Where.
    """
    layers = dict.fromkeys(layer for module in modules for layer in module.modules())
    before = [
        (layer, name, buffer, buffer.clone())
        for layer in layers
        for name, buffer in layer.named_buffers(recurse=False)
    ]
    drawn, own = generator_states(device), random.getstate()
    try:
        yield
    finally:
        random.setstate(own)
        restore_generators(drawn, device)
        with torch.no_grad():
            for layer, name, buffer, was in before:
                layer._buffers[name] = buffer  # whatever was put in its place
                buffer.copy_(was)
