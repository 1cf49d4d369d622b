"""What a step does by name, for whoever profiles it: nothing else is done, and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

PREFIX = "gan-zoo: "  # of every region's name in a trace
STEP = "step"  # the region around everything that a step is
OPTIMIZER = "optimizer"
WAITING = "waiting for data"
RECEIVING = "receiving data"
READING = "reading numbers"
GUARDING = "looking at gradients"
RECORDED = "recorded step"


@contextmanager
def region(name: str) -> Iterator[None]:
    """In here the named network, loss or work is at it. Says so to torch's profiler, where one
    listens; costs microseconds where none does. A decorator, too.

    Args:
        name: As a table of the step calls it.
    """
    if not torch._C._autograd._profiler_enabled():
        yield
        return
    with torch.profiler.record_function(f"{PREFIX}{name}"):
        yield
