"""How long a checkpoint of 512 MiB holds the training: its snapshot, beside the writing of it.

    python tests/benchmarks/checkpoint.py [MiB] [FOLDER]

Prints medians and extremes of both, and what the writing adds to the memory of the process.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from gan_zoo.engine.phase import Memory
from gan_zoo.reporter import Reporter
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.keeper import Keeper

ROUNDS = 7
PARTS = 32  # tensors; weights are a third of what a run with Adam keeps


def peak_mib() -> float:
    """Of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    numbers = mib * 2**20 // 4 // 3 // PARTS
    network = nn.ParameterList([torch.randn(numbers) for _ in range(PARTS)])
    adam = {
        name: {"exp_avg": torch.randn(numbers), "exp_avg_sq": torch.rand(numbers)}
        for name, _ in network.named_parameters()
    }
    game: Any = SimpleNamespace(
        networks={"generator": network}, method=object(), recipe=SimpleNamespace(callbacks={})
    )
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        keeper = Keeper(RunFolder(Path(folder)), game, Reporter(quiet=True), {})
        before, held, whole = peak_mib(), [], []
        for step in range(ROUNDS + 1):
            start = time.perf_counter()
            moment = keeper.moment(torch.device("cpu"))
            keeper.save(Position("main", step=step), Memory({"generator": adam}), moment)
            held.append(time.perf_counter() - start)
            keeper.written(wait=True)
            whole.append(time.perf_counter() - start)
        held, whole = held[1:], whole[1:]  # the first one takes fresh memory
    for what, times in (("holds the loop", held), ("is whole after", whole)):
        print(f"{mib} MiB {what}: {median(times):.2f} s ({min(times):.2f} to {max(times):.2f})")
    ratio = median(h / w for h, w in zip(held, whole, strict=True))
    print(f"ratio {ratio:.3f}; {peak_mib() - before:.0f} MiB more memory at its peak")


if __name__ == "__main__":
    main()
