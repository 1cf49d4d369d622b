"""Instance-wise average pooling against loops.

    python tests/benchmarks/pooling.py --runs 5

The same tensors, batch 1, 3 channels in [-1, 1], float32; forward. `plain` loops over ids, batches
and channels, a mask for each; `once` is the published way, which finds the pixels of an id once for
all its channels. All take turns, and medians are compared. Deviations are those from
the loop in float64, of our result in float64 and in float32.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from gan_zoo_conditions.pooling import Places

SLOTS = 512
CASES = [((512, 1024), 60, 50.0), ((1024, 2048), 200, 10.0)]  # size, instances, at least so fast
EXACT = {torch.float64: 1e-9, torch.float32: 1e-5}


def ours(features: Tensor, ids: Tensor) -> Tensor:
    """What the condition computes."""
    places = Places(ids, SLOTS)
    return places.paint(places.pool(features))


def plain(features: Tensor, ids: Tensor) -> Tensor:
    """Id by id, batch by batch, channel by channel."""
    made = torch.zeros_like(features)
    for one in ids.unique():
        for b in range(features.shape[0]):
            for c in range(features.shape[1]):
                where = ids[b, 0] == one
                made[b, c][where] = features[b, c][where].mean()
    return made


def once(features: Tensor, ids: Tensor) -> Tensor:
    """The same, but the pixels of an id are found once for all channels."""
    made = torch.zeros_like(features)
    for one in ids.unique():
        for b in range(features.shape[0]):
            rows, columns = (ids[b, 0] == one).nonzero(as_tuple=True)
            for c in range(features.shape[1]):
                made[b, c, rows, columns] = features[b, c, rows, columns].mean()
    return made


def scene(size: tuple[int, int], instances: int) -> Tensor:
    """Ids `1 1 H W`: the nearest of so many points, as instances look; all are there."""
    height, width = size
    drawn = torch.Generator().manual_seed(0)
    points = torch.rand(instances, 2, generator=drawn) * torch.tensor([height / 4, width / 4])
    y, x = torch.meshgrid(torch.arange(height / 4), torch.arange(width / 4), indexing="ij")
    far = torch.cdist(torch.stack([y, x], dim=-1).flatten(0, 1) + 0.5, points)
    ids = far.argmin(1).view(1, 1, height // 4, width // 4)
    return ids.repeat_interleave(4, -1).repeat_interleave(4, -2).contiguous()


def seconds(way: Callable[[Tensor, Tensor], Tensor], features: Tensor, ids: Tensor) -> float:
    """How long one takes."""
    start = time.perf_counter()
    way(features, ids)
    return time.perf_counter() - start


def main() -> None:
    """Print a table; exit with 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    kept = True
    print(f"torch {torch.__version__}, {asked.threads} threads, medians of {asked.runs}")
    print("| size | instances | ours | plain | once | plain / ours | once / ours | float64 | 32 |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for size, instances, least in CASES:
        ids = scene(size, instances)
        count = len(ids.unique())
        drawn = torch.Generator().manual_seed(1)
        wide = torch.rand(1, 3, *size, generator=drawn, dtype=torch.float64) * 2 - 1
        exact, features = plain(wide, ids), wide.float()
        off = [(ours(wide.to(d), ids).double() - exact).abs().max().item() for d in EXACT]
        ways = (ours, plain, once)
        times: list[list[float]] = [[] for _ in ways]
        for _ in range(asked.runs):
            for taken, way in zip(times, ways, strict=True):
                taken.append(seconds(way, features, ids))
        mine, *loops = map(statistics.median, times)
        ratios = [loop / mine for loop in loops]
        shown = [f"{1000 * t:.1f} ms" for t in (mine, *loops)] + [f"{r:.0f}" for r in ratios]
        told = [f"{size[0]}x{size[1]}", str(count), *shown, *(f"{d:.1e}" for d in off)]
        print(f"| {' | '.join(told)} |", flush=True)
        kept &= ratios[0] >= least and count == instances
        kept &= all(d <= most for d, most in zip(off, EXACT.values(), strict=True))
    sys.exit(not kept)


if __name__ == "__main__":
    main()
