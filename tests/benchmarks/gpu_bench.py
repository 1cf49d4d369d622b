"""What rows of whole steps share: the device, the eager step beside them, what was found so far;
and how one is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from gpu_cases import Case
from gpu_kernels import profiled
from gpu_rows import Figures, reason
from gpu_sides import Ours, Pace, Published, Side, compare, free, weighed

from gan_zoo.engine.compiling import count

Limits = Mapping[str, tuple[float, float]]  # of ms or peak: below what it must be, and should be

GAIN = (2.5, 4.0)  # times as fast as the published step: must, should


@dataclass
class Bench:
    """What rows share.

    Args:
        device: On which.
        small: Whether only the path is tried.
        pace: How many steps are timed.

    Attributes:
        found: Table -> row -> its figures.
        kernels: What the device did in a step, by row.
    """

    device: torch.device
    small: bool
    pace: Pace
    found: dict[str, dict[str, Figures]] = field(default_factory=dict)
    kernels: dict[str, Figures] = field(default_factory=dict)
    _beside: dict[tuple[str, str], Ours] = field(default_factory=dict)

    def beside(self, case: Case, precision: str) -> Ours:
        """The eager step, which stays for the rows of a table."""
        key = case.recipe, precision
        if key not in self._beside:
            made = Ours(case, self.device, small=self.small, precision=precision)
            self._warm(made)
            self._beside[key] = made
        return self._beside[key]

    def clear(self) -> None:
        """Nobody stands beside any more."""
        self._beside.clear()
        free(self.device)

    def step(
        self,
        table: str,
        row: str,
        case: Case,
        limits: Limits | None = None,
        *,
        look: bool = False,
        **words: Any,
    ) -> Figures:
        """One way to take a step, beside the eager one; without words of its own it is that one.

        Args:
            table, row: Under which it is found later.
            case: Of what.
            limits: That it is held to.
            look: Also at what the device does.
            words: As of `Precision.of`.
        """
        device, precision = self.device, words["precision"]
        eager = self.beside(case, precision) if len(words) > 1 else None
        with weighed(device) as (held, from_now):
            side = Ours(case, device, small=self.small, **words)
            from_now()
            self._warm(side)
        if words.get("graphs") == "on" and not side.variant.runner.recorded:
            raise RuntimeError("no step was recorded")
        programs = _programs(side) if side.settled.compiled else {}
        found = compare(side, eager, device, self.pace)
        found |= {"peak": held.peak, "taken": held.taken, "first": round(side.first, 2)}
        found |= {"memory_format": side.precision.memory_format, **words, **programs}
        found |= judged(found, {} if self.small else limits or {})
        self.found.setdefault(table, {})[row] = found
        if eager is None:
            self._beside[case.recipe, precision] = side
        if look:
            self._look(f"{table}, {row}", side)
        return found

    def _warm(self, side: Side) -> None:
        """Some steps that are not timed; in the fourth it may be recorded."""
        for _ in range(self.pace.warm):
            side.take()()

    def _look(self, row: str, side: Side) -> None:
        try:
            self.kernels[row] = profiled(side, self.device)
        except Exception as problem:  # the step was measured all the same
            self.kernels[row] = {"failed": reason(problem)}

    def published(self, table: str, case: Case) -> Figures:
        """The published step beside our eager ones, and how many times as fast the fastest row of a
        table is: by way of the eager step that stood beside both.
        """
        with weighed(self.device) as (held, from_now):
            theirs = Published(case, self.device, small=self.small)
            theirs.take()()
            from_now()
            self._warm(theirs)
        found: Figures = {"peak": held.peak}
        gains: dict[str, float] = {}
        for precision in ("float32", "bfloat16"):
            side = self.beside(case, precision)
            beside = compare(side, theirs, self.device, self.pace)
            for end in ("", "_low", "_high"):
                found[f"ms{end}"] = beside[f"beside{end}"]
                found[f"{precision}{end}"] = beside[f"times{end}"]
            for row, one in self.found.get(table, {}).items():
                if one["precision"] == precision:
                    gains[row] = round(found[precision] * one.get("times", 1), 3)
        if gains:
            best = max(gains, key=lambda row: gains[row])
            found |= {"best": gains[best], "which": best, "gains": gains}
            if not self.small:
                reached = ["yes" if gains[best] >= limit else "no" for limit in GAIN]
                found |= dict(zip(("must", "aim"), reached, strict=True))
        return found


def _programs(side: Ours) -> Figures:
    """What was compiled: how many programs, how many of them only when steps were taken, what is
    said of it, and how many kernels' sources were found in a cache.
    """
    from torch._dynamo.utils import counters

    hits, misses = (counters["inductor"][f"fxgraph_cache_{end}"] for end in ("hit", "miss"))
    graphs, settled = count().graphs, side.settled
    more = {"graphs": graphs, "graphs_later": graphs - settled.graphs, "said": settled.lines}
    return {**more, "cached": f"{hits} of {hits + misses}"}


def judged(found: Figures, limits: Limits) -> Figures:
    """Whether it is as fast as it must be and as it should be, and as small where that is said."""
    told: Figures = {}
    for at, word in enumerate(("must", "aim")):
        kept = [found[k] < both[at] for k, both in limits.items() if found.get(k) is not None]
        if kept:
            told[word] = "yes" if all(kept) else "no"
    return told
