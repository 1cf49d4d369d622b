"""Where the time of profiled steps went: by who it was spent for, and by the kind of operation.

Time is taken from a trace's operations, of which each counts what is not in one that it called, so
that all of a step is counted once. Who it was spent for is the innermost region around it; in a
backward pass, that of the forward operation which left the node. Autograd numbers its nodes in each
thread, and the profiler tells that number of both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from gan_zoo.engine.regions import OPTIMIZER, PREFIX, RECEIVING, STEP, WAITING

REST = "the rest"  # for nobody by name

BETWEEN = "between operations"  # Python, and what launches operations
POINTWISE = "loss and pointwise"
KINDS = {  # what is done -> the names of operations and autograd's nodes that do it; the first fits
    "convolution": r"conv(?!ert)|addmm|matmul|linear\b|\b(b|m)?mm\b|mmbackward",
    "norm": r"(batch|group|instance|layer|rms)_?norm",
    "activation": r"relu|tanh|sigmoid|silu|gelu|\belu|threshold|softplus|softmax|dropout|bernoulli",
    "padding and resampling": r"pad|upsample|pool|grid_?sample|interpolate|pixel_?(un)?shuffle",
    "copies and casts": (
        r"copy|\bto\b|contiguous|clone|\bcat|stack|empty|zero|ones|fill|resize|as_?strided|view"
        r"|reshape|slice|select|narrow|expand|permute|transpose|squeeze|detach|alias|unbind|split"
        r"|chunk|index|item|local_scalar|memcpy|memset|accumulategrad"
    ),
    POINTWISE: r"^aten::|backward",
    "optimizer": "",  # and data: all that is done for them
    "data": "",
    BETWEEN: "",
}
WHOLE = {OPTIMIZER: "optimizer", WAITING: "data", RECEIVING: "data"}  # for whom -> the one kind
NODE = "autograd::engine::evaluate_function: "
_PATTERNS = [(kind, re.compile(words)) for kind, words in KINDS.items() if words]


class Operation(NamedTuple):
    """One event of a trace on the CPU.

    Args:
        name: As the profiler calls it.
        start, end: In microseconds.
        thread: In which it ran, as autograd counts threads.
        sequence: The number of the node that it leaves or, in a backward pass, is; below 0: none.
        forward_thread: In a backward pass, in which the node was left; else 0.
        kernels: Microseconds of the device's work that it launched.
        launches: How many pieces of such work.
    """

    name: str
    start: float
    end: float
    thread: int = 1
    sequence: int = -1
    forward_thread: int = 0
    kernels: float = 0.0
    launches: int = 0


class Cell(NamedTuple):
    """Which time it is."""

    owner: str
    kind: str
    backward: bool


@dataclass
class StepTimes:
    """One step: microseconds by cell, of the CPU and of the device."""

    start: float
    end: float
    cpu: dict[Cell, float] = field(default_factory=lambda: defaultdict(float))
    device: dict[Cell, float] = field(default_factory=lambda: defaultdict(float))
    launches: int = 0
    gaps: list[float] = field(default_factory=list)  # in which the device had nothing to do


class _Open(NamedTuple):
    """An operation in which others may still begin."""

    end: float
    cell: Cell
    step: StepTimes | None


def step_times(operations: Iterable[Operation]) -> list[StepTimes]:
    """The steps of a trace. What lies outside of a step is not counted.

    An operation that another thread does while one waits, as autograd's threads do for a GPU, is
    one that the waiting one has called. Threads that neither play nor go backward, as what pins
    batches, have no part in it.
    """
    operations = list(operations)
    told = (PREFIX, NODE)
    threads = {one.thread for one in operations if one.name.startswith(told)}
    steps: list[StepTimes] = []
    around: list[_Open] = []
    left_by: dict[tuple[int, int], str] = {}  # thread and number of a node -> whose it is
    latest = REST  # whose node came last: gradients are added up right after it
    for one in sorted(operations, key=lambda one: (one.start, -one.end)):
        if one.thread not in threads:
            continue
        while around and around[-1].end <= one.start:
            around.pop()
        above = around[-1] if around else _Open(one.end, Cell(REST, BETWEEN, False), None)
        step = above.step
        if one.name == PREFIX + STEP:
            step = StepTimes(one.start, one.end)
            steps.append(step)
        owner, backward = above.cell.owner, above.cell.backward
        if one.name.startswith(PREFIX):
            name = one.name.removeprefix(PREFIX)
            owner = owner if name == STEP else name
        elif one.name.startswith(NODE):
            owner = latest = left_by.get((one.forward_thread, one.sequence), latest)
            backward = True
        elif one.sequence >= 0 and not one.forward_thread:
            left_by[one.thread, one.sequence] = owner  # the last one with a number leaves its node
        inherited = BETWEEN if one.name.startswith(PREFIX) else above.cell.kind
        cell = Cell(owner, WHOLE.get(owner) or _kind_of(one.name) or inherited, backward)
        end = min(one.end, above.end)
        if step is not None:
            step.cpu[cell] += end - one.start
            step.device[cell] += one.kernels
            step.launches += one.launches
            if step is above.step:
                step.cpu[above.cell] -= end - one.start
        around.append(_Open(end, cell, step))
    return steps


@cache  # few names differ among the operations of a trace
def _kind_of(name: str) -> str | None:
    """What an operation does; None where it does what called it does."""
    if name.startswith(PREFIX):
        return None
    name = name.removeprefix(NODE).lower()
    return next((kind for kind, words in _PATTERNS if words.search(name)), None)


def find_gaps(steps: Sequence[StepTimes], work: Iterable[tuple[float, float]]) -> None:
    """Write down in each step when the device had nothing to do while it went.

    Args:
        steps: In their order.
        work: Start and end of everything that the device did, in microseconds.
    """
    done = sorted(work)
    for step in steps:
        free_from = step.start
        for start, end in done:
            if end <= free_from:
                continue
            if start >= step.end:
                break
            if start > free_from:
                step.gaps.append(start - free_from)
            free_from = end
        if free_from < step.end:
            step.gaps.append(step.end - free_from)


def middle_half(steps: Sequence[StepTimes]) -> list[StepTimes]:
    """Those in the middle by their length, at least one: a step that a neighbor disturbed, and one
    that wrote a checkpoint, are left out.
    """
    ordered = sorted(steps, key=lambda step: step.end - step.start)
    drop = len(ordered) // 4
    return ordered[drop : len(ordered) - drop]


def mean(times: Sequence[Mapping[Cell, float]]) -> dict[Cell, float]:
    """Milliseconds a step by cell."""
    total: dict[Cell, float] = defaultdict(float)
    for one in times:
        for cell, time in one.items():
            total[cell] += time / 1000 / len(times)
    return total
