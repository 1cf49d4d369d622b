"""Our training step on a CPU, held against the published ones on the same networks.

    python tests/benchmarks/published_step.py
    python tests/benchmarks/published_step.py --case pix2pix --rounds 3 --steps 5

`published.py` writes the published steps out. Every side runs in a process of its own, in turn (in
every other round the other way around), so that a busy moment hits all of them:

- `published`: the published step under a plain `python`, which sets nothing;
- `ours`: our step as `gan-zoo run` takes it, with the command line's settings of the process;
- `ours, plain`: our step under a plain `python`, as one who imports gan_zoo has it.

Neither reads data: the batch is noise. Prints medians and quartiles of all steps; the published
median over ours in each round, by the clock and by the processor's time, which other processes
disturb less (of several threads it counts their waiting too); operations and the peak of live
tensors in a step; what the processes held at most, and the pages they faulted in. Threads are as
many as the environment says.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from spreads import spread

if TYPE_CHECKING:
    from gan_zoo.engine.assembly import Assembly

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "pix2pix": ("pix2pix", {"callbacks": None}),
    "pix2pixhd": (
        "pix2pixhd_512",
        {
            "callbacks": None,
            "generator.width": 32,
            "losses.perceptual.weights": "none",
            "phases.coarse.size": [256, 512],
        },
    ),
}
SIDES = ("published", "ours", "ours, plain")
WARM = 3  # steps of each process that are not counted
MIB = 2**20

Step = Callable[[], object]


def published(case: str, *, in_place: bool) -> tuple[Step, Callable[[], list[Any]]]:
    """The published step, and the tensors that it holds between two steps."""
    from published import Pix2pix, Pix2pixHD, activate_in_place

    assembly, batch = _assembled(case)
    g, d = (assembly.networks[name] for name in ("generator", "discriminator"))
    losses: Any = assembly.losses
    made: Pix2pix | Pix2pixHD
    if case == "pix2pix":
        made, fixed = Pix2pix(g, d), []
    else:
        data: Any = assembly.recipe.data
        vgg = losses["perceptual"].network
        made, fixed = Pix2pixHD(g, d, vgg, data.classes), [vgg]
    if in_place:
        activate_in_place(g, d)
    batch = made.loaded(batch)

    def held() -> list[Any]:
        states = [state for o in made.optimizers.values() for state in o.state.values()]
        return [*_weights(g, d, *fixed), *(t for state in states for t in state.values())]

    return lambda: made.step(batch), held


def ours(case: str) -> tuple[Step, Callable[[], list[Any]]]:
    """Our step, and the tensors that it holds between two steps."""
    import torch
    from step import Variant

    from gan_zoo.engine.precision import Precision
    from gan_zoo.recipe.recipe import Recipe

    name, changes = CASES[case]
    recipe = Recipe.load(name, set=changes)
    torch.manual_seed(0)
    cpu = Precision.of(**{**recipe.engine.computing, "device": "cpu"})
    variant = Variant(name, recipe, cpu)
    return variant.step, variant.tensors


def _assembled(case: str) -> tuple[Assembly, dict[str, Any]]:
    """The networks of a case, and a batch as the data reads it."""
    import torch
    from step import noise

    from gan_zoo.engine.assembly import assemble
    from gan_zoo.recipe.recipe import Recipe
    from gan_zoo.recipe.wired import WiredRecipe

    name, changes = CASES[case]
    recipe = Recipe.load(name, set=changes)
    maps = WiredRecipe(recipe).phase(next(iter(recipe.phases))).wiring.maps
    torch.manual_seed(0)
    batch = {key: noise(image, recipe.data.batch) for key, image in maps.items()}
    return assemble(recipe), batch


def _weights(*modules: Any) -> list[Any]:
    own = [t for module in modules for t in (*module.parameters(), *module.buffers())]
    return own + [t.grad for t in own if t.grad is not None]


def take(step: Step, steps: int) -> dict[str, Any]:
    """Seconds of every step, by the clock and of the processor, the pages each faulted in, and what
    the process held at most.
    """
    for _ in range(WARM):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    times, busy = [], []
    for _ in range(steps):
        start, began = time.perf_counter(), time.process_time()
        step()
        times.append(time.perf_counter() - start)
        busy.append(time.process_time() - began)
    used = resource.getrusage(resource.RUSAGE_SELF)
    faults = (used.ru_minflt - before) // steps
    return {"times": times, "busy": busy, "faults": faults, "most": used.ru_maxrss * 1024}


def count(step: Step, held: Callable[[], list[Any]]) -> dict[str, Any]:
    """Operations of a step, and the peak of live tensor bytes in one."""
    from torch.utils.flop_counter import FlopCounterMode

    from gan_zoo.checks.rehearsal import Bytes

    with FlopCounterMode(display=False) as flops:
        step()
    seen = Bytes()
    with seen:
        seen.count(held())
        step()
    return {"flop": flops.get_total_flops(), "peak": seen.peak}


def child(asked: argparse.Namespace) -> None:
    """One side in this process; tells what it came to as JSON."""
    (case,) = asked.case
    if asked.side == "ours":
        from gan_zoo.runs.process import prepare_process

        prepare_process()
    step, held = published(case, in_place=asked.in_place) if asked.side == SIDES[0] else ours(case)
    print(json.dumps(count(step, held) if asked.count else take(step, asked.steps)))


def run(case: str, side: str, asked: argparse.Namespace, *more: str) -> dict[str, Any]:
    """One side in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--case", case, "--side", side]
    command += ["--steps", str(asked.steps), *more, *(["--in-place"] if asked.in_place else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ratios(base: list[dict[str, Any]], own: list[dict[str, Any]], what: str) -> list[float]:
    """How much longer the first side's median step takes, round by round."""
    return [median(b[what]) / median(o[what]) for b, o in zip(base, own, strict=True)]


def row(side: str, runs: dict[str, list[dict[str, Any]]], counts: dict[str, Any]) -> list[str]:
    """One side's line of the table."""
    base = SIDES[0]
    low, middle, high = spread([1000 * t for found in runs[side] for t in found["times"]])
    slowest, ratio, fastest = spread(ratios(runs[base], runs[side], "times"))
    busy = median(1000 * t for found in runs[side] for t in found["busy"])
    _, cheaper, _ = spread(ratios(runs[base], runs[side], "busy"))
    flop, peak = counts[side]["flop"], counts[side]["peak"]
    return [
        *(side, f"{middle:.1f}", f"{low:.1f} to {high:.1f}"),
        *(f"{ratio:.3f}", f"{slowest:.3f} to {fastest:.3f}"),
        *(f"{busy:.1f}", f"{cheaper:.3f}"),
        *(f"{flop / 1e9:.1f}", f"{flop / counts[base]['flop']:.3f}"),
        *(f"{peak / MIB:.0f}", f"{median(found['most'] for found in runs[side]) / MIB:.0f}"),
        f"{median(found['faults'] for found in runs[side]):.0f}",
    ]


def table(runs: dict[str, list[dict[str, Any]]], counts: dict[str, Any]) -> str:
    """Markdown: a line for each side, ratios against the first."""
    head = "side | ms a step | quartiles | times the speed | quartiles of rounds | processor, ms"
    head += " | times as cheap | GFLOP | of it | tensors, MiB | process, MiB | page faults a step"
    lines = [head.split(" | "), ["---", *["---:"] * head.count(" | ")]]
    lines += [row(side, runs, counts) for side in runs]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--case", action="append", choices=[*CASES], help="default: both")
    add("--rounds", type=int, default=7, metavar="N", help="processes of each side")
    add("--steps", type=int, default=9, metavar="N", help="counted steps of each process")
    add("--in-place", action="store_true", help="the published side's activations are in place")
    add("--side", choices=SIDES, help="only this one, in this process; prints JSON")
    add("--count", action="store_true", help="with --side: operations and bytes, not time")
    return parser.parse_args()


def main() -> None:
    """Measure and print markdown tables."""
    asked = arguments()
    if asked.side:
        return child(asked)
    threads = os.environ.get("OMP_NUM_THREADS", "as many as there are")
    place = "in place" if asked.in_place else "as ours"
    print(f"{asked.rounds} rounds of {asked.steps} steps; threads: {threads}; activations: {place}")
    for case in asked.case or CASES:
        counts = {side: run(case, side, asked, "--count") for side in SIDES}
        runs: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
        for number in range(asked.rounds):
            for side in SIDES[:: -1 if number % 2 else 1]:
                runs[side].append(run(case, side, asked))
        print(f"\n{case}\n\n{table(runs, counts)}", flush=True)


if __name__ == "__main__":
    main()
