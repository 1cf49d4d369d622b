"""What a step takes beside other busy processes, by how long waiting threads spin.

    python tests/benchmarks/neighbours.py
    python tests/benchmarks/neighbours.py --rounds 2 --neighbours 0,1 --settings default,700
    python tests/benchmarks/neighbours.py --settings "default,GOMP_SPINCOUNT=300 OMP_PROC_BIND=true"

Each setting is a process of its own, which holds the quickstart's step and sleeps until its turn.
In a round every setting steps alone, then beside one busy process, then beside two, in turn. Prints
the medians and quartiles of the rounds' own medians, and whether a setting is as good as it must
be: alone at most 5 % slower than the default, beside one process at most 3 times that, two at most
5. `chosen` is the command line's own setting, gan_zoo/runs/process.py. Nothing else may run beside.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from spreads import format_spread

from gan_zoo.runs.process import SET, SPINS, VARIABLES

NAMED: dict[str, dict[str, str]] = {
    "default": {},
    "passive": {"OMP_WAIT_POLICY": "passive"},
    "one thread": {"OMP_NUM_THREADS": "1"},
    "chosen": {"GOMP_SPINCOUNT": str(SPINS)},
}
USUAL = "default,20000,3000,1000,300,passive,one thread"
SLOWER, ONE, TWO = 1.05, 3, 5  # at most: alone, of the default; beside others, of that alone
BUSY = "while True: pass"


class Stepper:
    """A process that steps when it is asked.

    Args:
        recipe: Whose step.
        setting: The environment's part of it.
    """

    def __init__(self, recipe: str, setting: Mapping[str, str]) -> None:
        others = {k: v for k, v in os.environ.items() if k not in (*VARIABLES, SET)}
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--step", recipe],
            env={**others, **setting},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.threads = int(self._answer())

    def _answer(self) -> str:
        assert self.process.stdout is not None
        if not (line := self.process.stdout.readline()):
            sys.exit(f"the process of a setting ended with exit code {self.process.wait()}")
        return line

    def median(self, steps: int, seconds: float) -> float:
        """Milliseconds of a step: the median of so many, or of those begun in the time."""
        assert self.process.stdin is not None
        print(steps, seconds, file=self.process.stdin, flush=True)
        return 1000 * statistics.median(json.loads(self._answer()))

    def end(self) -> None:
        """Let it go."""
        self.process.communicate()


def variables_of(setting: str) -> dict[str, str]:
    """What a setting's name means: one of those above, a number of spins, or variables."""
    if setting in NAMED:
        return NAMED[setting]
    if setting.isdecimal():
        return {"GOMP_SPINCOUNT": setting}
    pairs = [word.partition("=") for word in setting.split()]
    if not all(sign for _, sign, _ in pairs):
        sys.exit(f"--settings: {setting!r} came; a number, A=B C=D, or {', '.join(NAMED)}")
    return {name: value for name, _, value in pairs}


def step_when_asked(recipe: str) -> None:
    """What a stepper's process does. A turn's first step wakes its threads and does not count."""
    import torch
    from step import Variant  # beside this file

    from gan_zoo.engine.precision import Precision
    from gan_zoo.recipe.recipe import Recipe

    cpu = Precision(torch.device("cpu"), "float32", "contiguous")
    variant = Variant(recipe, Recipe.load(recipe), cpu)
    for _ in range(3):
        variant.step()
    print(torch.get_num_threads(), flush=True)
    for line in sys.stdin:
        steps, seconds = line.split()
        variant.step()
        start, times = time.perf_counter(), []
        while len(times) < int(steps) and time.perf_counter() - start < float(seconds):
            times.append(variant.step())
        print(json.dumps(times), flush=True)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that want a processor each, and all of it."""
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        time.sleep(0.2 if count else 0)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def format_row(name: str, times: Mapping[int, list[float]], default: float | None) -> str:
    """A line of the table."""
    alone, cells, fit = statistics.median(times[0]), [], True
    for count, found in times.items():
        middle = statistics.median(found)
        cells.append(format_spread(found))
        if count:
            cells.append(f"{middle / alone:.2f}")
            fit = fit and middle <= {1: ONE, 2: TWO}.get(count, count * ONE) * alone
        elif default is not None:
            cells.append(f"{middle / default:.2f}")
            fit = fit and middle <= SLOWER * default
    return f"| {name} | {' | '.join(cells)} | {'yes' if fit else 'no'} |"


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--rounds", type=int, default=9, metavar="N")
    add("--steps", type=int, default=15, metavar="N", help="of a setting in its turn, at most")
    add("--seconds", type=float, default=4, metavar="S", help="of a turn, after which none begins")
    add("--settings", default=USUAL, metavar="A,B", help="numbers, A=B, or names")
    add("--neighbours", default="0,1,2", metavar="A,B", help="busy processes; 0 must be among them")
    add("--recipe", default="quickstart", metavar="NAME")
    add("--step", metavar="NAME", help=argparse.SUPPRESS)  # the process of a setting
    return parser.parse_args()


def main() -> None:
    """Measure and print a markdown table."""
    asked = arguments()
    if asked.step:
        step_when_asked(asked.step)
        return
    names = asked.settings.split(",")
    counts = sorted({0, *map(int, asked.neighbours.split(","))})
    steppers = {name: Stepper(asked.recipe, variables_of(name)) for name in names}
    times: dict[str, dict[int, list[float]]] = {name: {n: [] for n in counts} for name in names}
    for turn in range(asked.rounds):
        for count in counts:
            with busy(count):
                for name in names if turn % 2 == 0 else reversed(names):
                    found = steppers[name].median(asked.steps, asked.seconds)
                    times[name][count].append(found)
        print(f"round {turn + 1} of {asked.rounds}", file=sys.stderr)
    threads = {name: stepper.threads for name, stepper in steppers.items()}
    for stepper in steppers.values():
        stepper.end()
    print(f"{asked.recipe}, {os.cpu_count()} processors; ms a step, median (quartiles) of ", end="")
    print(f"{asked.rounds} rounds; steps in a turn: at most {asked.steps}\n")
    beside = [f"beside {count} | of alone" for count in counts if count]
    relative = "default" in times
    head = ["setting", "threads", "alone", *(["of default"] if relative else []), *beside, "fit"]
    print(f"| {' | '.join(head)} |")
    print(f"|---|{'---:|' * (' | '.join(head).count('|') - 1)}---|")
    default = statistics.median(times["default"][0]) if relative else None
    for name in names:
        print(format_row(f"{name} | {threads[name]}", times[name], default))


if __name__ == "__main__":
    main()
