"""What steps side by side: our step, compiled or recorded or not, and the published one; and how
their times are taken.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, Protocol

import torch
from gpu_cases import Case
from gpu_rows import Figures, Unavailable
from published import Pix2pix, Pix2pixHD, activate_in_place
from spreads import spread
from step import Variant, noise
from torch import Tensor

from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.settling import settle
from gan_zoo.engine.step_graph import RECORDERS
from gan_zoo.recipe.wired import WiredRecipe

MIB = 2**20
UNREAD = 2  # steps that stay unread while others go on, as `engine.read_late` has it

Read = Callable[[], object]


@dataclass(frozen=True)
class Pace:
    """How many steps are timed.

    Args:
        seconds: For the rounds of a row.
        fewest, most: Rounds, whatever they take.
        chunk: Steps that are timed as one, their numbers read late.
        warm: Steps before anything is timed; steps are recorded at the fourth.
    """

    seconds: float = 3
    fewest: int = 5
    most: int = 25
    chunk: int = 5
    warm: int = 5


SMALL = Pace(0.2, 2, 3, 2, 1)  # where only the path is tried


class Side(Protocol):
    """What is timed.

    Attributes:
        reads_late: Whether its numbers are read while later steps are under way.
    """

    reads_late: bool

    def take(self) -> Read:
        """Begin one step; what reads its numbers waits for it."""
        ...


class Ours:
    """Our step.

    Args:
        case: Of what.
        device: On which.
        small: Whether only the path is tried.
        words: As `Precision.of` takes them.

    Raises:
        Unavailable: nothing is recorded on that device.
        RuntimeError: torch compiles nothing of it; says why.
    """

    reads_late = True

    def __init__(self, case: Case, device: torch.device, *, small: bool, **words: Any) -> None:
        if words.get("graphs") == "on" and device.type not in RECORDERS:
            raise Unavailable(f"a {device.type} records no step")
        recipe = case.load(small=small)
        usual = {"share_views": True, "memory_format": "contiguous", "compile": "off"}
        self.precision = Precision.of(device=device, **{**usual, "graphs": "off", **words})
        torch.manual_seed(0)
        self.variant = Variant(case.recipe, recipe, self.precision, case.phase)
        self.batch = pinned(self.variant.batch, device)
        self.number = 0
        start = time.perf_counter()
        self.settled = settle(self.variant.runner, [self.batch])
        if self.precision.compile != "off" and not self.settled.compiled:
            raise RuntimeError(" ".join(self.settled.lines))
        self.take()()
        self.first = time.perf_counter() - start

    def take(self) -> Read:
        """Begin one step."""
        ledger = self.variant.runner.step([self.batch], self.number)
        self.number += 1
        return ledger.numbers


class Published:
    """The published step on the networks of a recipe, in float32 (TF32 in convolutions, as torch
    has it). Its loader's maps go to the device in every step, as ours do.

    Args:
        case, device, small: As of `Ours`.
    """

    reads_late = False  # its program reads no loss of most steps

    def __init__(self, case: Case, device: torch.device, *, small: bool) -> None:
        recipe = case.load(small=small)
        torch.manual_seed(0)
        phase = case.phase or next(iter(recipe.phases))
        maps = WiredRecipe(recipe).phase(phase).wiring.maps
        batch = {name: noise(image, recipe.data.batch) for name, image in maps.items()}
        assembly = assemble(recipe)
        g, d = (assembly.networks[name].to(device) for name in ("generator", "discriminator"))
        activate_in_place(g, d)
        losses: Any = assembly.losses
        data: Any = recipe.data
        self.step: Pix2pix | Pix2pixHD = (
            Pix2pixHD(g, d, losses["perceptual"].network.to(device), data.classes)
            if "perceptual" in losses
            else Pix2pix(g, d)
        )
        self.device = device
        self.batch = pinned(self.step.loaded(batch), device)

    def take(self) -> Read:
        """Begin one step."""
        maps = {n: one.to(self.device, non_blocking=True) for n, one in self.batch.items()}
        terms = self.step.step(maps)
        return lambda: torch.stack([*terms.values()]).tolist()


def pinned(batch: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """A batch as what reads it for a GPU hands it over."""
    on_gpu = device.type == "cuda"
    return {name: one.pin_memory() if on_gpu else one for name, one in batch.items()}


# ---------------------------------------------------------------------- time


def wait(device: torch.device) -> None:
    """Until the device has done what was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def read_late(side: Side, steps: int, device: torch.device) -> float:
    """Seconds a step, of some whose numbers are read while later ones are under way."""
    unread: deque[Read] = deque()
    wait(device)
    start = time.perf_counter()
    for _ in range(steps):
        unread.append(side.take())
        if side.reads_late and len(unread) > UNREAD:
            unread.popleft()()
    wait(device)
    return (time.perf_counter() - start) / steps


def read_at_once(side: Side) -> float:
    """Seconds of one step whose numbers are read before anything else."""
    start = time.perf_counter()
    side.take()()
    return time.perf_counter() - start


def side_by_side(
    sides: Sequence[Side], device: torch.device, pace: Pace
) -> list[dict[str, list[float]]]:
    """Milliseconds a step of each side, round by round, every other round the other way around: of
    some read late, and of one read at once.
    """
    times: list[dict[str, list[float]]] = [{"late": [], "once": []} for _ in sides]
    for side in sides:  # who stood still warms up
        read_late(side, min(2, pace.warm), device)
    turn, start = 0, time.perf_counter()
    while turn < pace.fewest or (turn < pace.most and time.perf_counter() - start < pace.seconds):
        for at in range(len(sides))[:: -1 if turn % 2 else 1]:
            times[at]["late"].append(1000 * read_late(sides[at], pace.chunk, device))
            times[at]["once"].append(1000 * read_at_once(sides[at]))
        turn += 1
    return times


def told(name: str, numbers: Sequence[float], digits: int = 3) -> Figures:
    """The median of some numbers, and the quartiles."""
    low, middle, high = spread(numbers)
    found = {name: middle, f"{name}_low": low, f"{name}_high": high}
    return {key: round(value, digits) for key, value in found.items()}


def compare(
    side: Side,
    beside: Side | None,
    device: torch.device,
    pace: Pace,
    *,
    by: Literal["late", "once"] = "late",
) -> Figures:
    """A row's times: its own, those of who stepped beside it, and how many times as fast it is.

    Args:
        side: Whose row it is.
        beside: Who steps in turn with it.
        device: On which.
        pace: How many steps are timed.
        by: Which time is the row's.
    """
    sides = [side] if beside is None else [side, beside]
    own, *others = side_by_side(sides, device, pace)
    found = {**told("once", own["once"]), **told("ms", own[by]), "rounds": len(own[by])}
    for other in others:
        ratios = [theirs / ours for ours, theirs in zip(own[by], other[by], strict=True)]
        found |= {**told("beside", other[by]), **told("times", ratios)}
        found["once_beside"] = round(median(other["once"]), 3)
    return found


# ---------------------------------------------------------------------- memory


@dataclass
class Held:
    """MiB of the device.

    Args:
        peak: The most that tensors held, above what others had before.
        taken: What the process keeps of the device between steps, above what it had.
    """

    peak: int | None = None
    taken: int | None = None


@contextmanager
def weighed(device: torch.device) -> Iterator[tuple[Held, Callable[[], None]]]:
    """What is made and warmed up in here is weighed; the peak counts from the call on."""
    held = Held()
    if device.type != "cuda":
        yield held, lambda: None
        return
    free(device)
    before, kept = torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)
    yield held, lambda: torch.cuda.reset_peak_memory_stats(device)
    held.peak = round((torch.cuda.max_memory_allocated(device) - before) / MIB)
    torch.cuda.empty_cache()
    held.taken = round((torch.cuda.memory_reserved(device) - kept) / MIB)


def free(device: torch.device) -> None:
    """Give back what nobody holds."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
