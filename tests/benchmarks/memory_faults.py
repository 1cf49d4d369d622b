"""What it brings that the command line keeps freed memory: page faults, time and peak of a step.

    python tests/benchmarks/memory_faults.py
    python tests/benchmarks/memory_faults.py --rounds 3 --recipe pix2pixhd_512 \\
        --set losses.perceptual.weights=none --set generator.width=32 \\
        --set 'phases.coarse.size=[256,512]'

Each side runs in processes of its own, in turn (A B B A), with all other settings of the command
line: `given back` is what glibc does by itself. Prints, for each side, medians and quartiles over
all steps of its processes, and the largest peak of a process (maxrss) with what is not the step's
own: Python, torch and the networks.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

from spreads import format_spread

from gan_zoo.runs.process import SET, describe_process, prepare_process

# A variable at glibc's own default: who names one has chosen, and memory is left to him.
SIDES = {"given back": {"MALLOC_ARENA_TEST": "8"}, "kept": {}}
WARM = 3  # steps of a process that are not counted


def measure(recipe: str, changes: list[str], steps: int) -> None:
    """What the process of a side does."""
    prepare_process()
    import torch
    from step import Variant  # beside this file

    from gan_zoo.engine.precision import Precision
    from gan_zoo.recipe.recipe import Recipe
    from gan_zoo.recipe.source import parse_set

    cpu = Precision(torch.device("cpu"), "float32", "contiguous")
    variant = Variant(recipe, Recipe.load(recipe, set=parse_set(changes)), cpu)
    told: dict[str, Any] = {"memory": describe_process()["memory"], "steps": []}
    for number in range(WARM + steps):
        before, spent = faults(), time.process_time()
        took = variant.step()
        if number >= WARM:
            told["steps"].append((faults() - before, took, time.process_time() - spent))
    told["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(told))


def faults() -> int:
    """Pages that were given to this process until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def run_side(side: str, asked: argparse.Namespace) -> dict[str, Any]:
    """One process of a side, and what it measured."""
    others = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_") and k != SET}
    words = [asked.recipe, *asked.set]
    done = subprocess.run(
        [sys.executable, __file__, "--steps", str(asked.steps), "--measure", *words],
        env={**others, **SIDES[side]},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    if (told["memory"] == "kept by gan-zoo") is not (side == "kept"):
        sys.exit(f"{side}: memory is {told['memory']}; without glibc there is nothing to compare")
    return told


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--recipe", default="pix2pix", metavar="NAME")
    add("--set", action="append", default=[], metavar="KEY=VALUE")
    add("--rounds", type=int, default=4, metavar="N", help="processes of each side")
    add("--steps", type=int, default=10, metavar="N", help="counted steps of a process")
    add("--measure", nargs="+", help=argparse.SUPPRESS)  # the process of a side
    return parser.parse_args()


def main() -> None:
    """Measure and print a markdown table."""
    asked = arguments()
    if asked.measure:
        measure(asked.measure[0], asked.measure[1:], asked.steps)
        return
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for turn in range(asked.rounds):
        for side in SIDES if turn % 2 == 0 else reversed(SIDES):
            found[side].append(run_side(side, asked))
    print(f"{asked.recipe} {' '.join(asked.set)}; median (quartiles) of ", end="")
    print(f"{asked.rounds} processes of {asked.steps} steps\n")
    print("| freed memory | faults a step | ms a step | ms of processors | peak MiB |")
    print("|---|---:|---:|---:|---:|")
    middles = {}
    for side, told in found.items():
        page, took, spent = zip(*(step for one in told for step in one["steps"]), strict=True)
        peak = max(one["peak"] for one in told) / 1024
        cells = [format_spread(page), format_spread(took, 1000), format_spread(spent, 1000)]
        print(f"| {side} | {' | '.join(cells)} | {peak:.0f} |")
        middles[side] = statistics.median(took), statistics.median(spent), peak
    took, spent, peak = (kept / given for given, kept in zip(*middles.values(), strict=True))
    print(f"\nkept, of given back: {took:.2f} ms, {spent:.2f} ms of processors, {peak:.3f} peak")


if __name__ == "__main__":
    main()
