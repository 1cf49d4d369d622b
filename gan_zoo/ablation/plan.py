"""What an ablation will do, as it lies in plan.json: every run by its key. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

FORMAT = 1
FILE = "plan.json"


@dataclass(frozen=True)
class PlannedVariant:
    """A variant, and what a rehearsal found out about it.

    Args:
        factors: Factor of the grid -> its level; empty of a variant that the file names itself.
        changes: To the base, a line each, as `generator.use: encoder_decoder`.
        parameters: Of all networks that play or rest.
        flop: Floating-point operations a step, in the mean over the run's steps.
        peak_bytes: The largest estimate of its phases, see `gan-zoo check`.
        steps: Of the whole run, its budget.
        seconds_a_step: Measured before, where the budget is one of time; None elsewhere.
    """

    factors: Mapping[str, str]
    changes: tuple[str, ...]
    parameters: int
    flop: int
    peak_bytes: int
    steps: int
    seconds_a_step: float | None = None


@dataclass(frozen=True)
class PlannedRun:
    """A variant with a seed.

    Args:
        variant: Its name.
        seed: The recipe's.
        run: Where the run lies: within the ablation's folder, or the path of an adopted one.
    """

    variant: str
    seed: int
    run: str


@dataclass(frozen=True)
class Plan:
    """What an ablation will do. Which runs are done is not part of it: scores/ tells.

    Args:
        name: Of the ablation, its file's.
        about: What it asks, in a line.
        reference: The variant that the others are set against.
        seeds: In the order of the file.
        device: cpu, cuda or mps.
        threads: Of each run, on CPUs: numbers depend on them. None elsewhere.
        variants: By name, in the order of the table.
        runs: Key -> run, in the order in which they start: all variants of the first seed, the
            reference first, then those of the next.
        orphans: Key -> run of what an earlier state of the file asked for; it stays on disk.
        left_out: Variant -> why it cannot be had, where the file says `impossible: list`.
        published: Numbers of a paper: its `source`, and `values`: variant -> column -> number.
        score: How runs are scored, as the file says it: `split`, `weights`, `metrics`.
        executor: Where runs are made, as the file says it; no part of the keys.
        precision: What engine.precision `auto` means in all runs, on GPUs; None on CPUs.
        stamps: Of what the keys were made of, so that an unchanged file is known without its data.
    """

    name: str
    about: str
    reference: str
    seeds: tuple[int, ...]
    device: str
    threads: int | None
    variants: Mapping[str, PlannedVariant]
    runs: Mapping[str, PlannedRun]
    orphans: Mapping[str, PlannedRun] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, Any] = field(default_factory=dict)
    score: Mapping[str, Any] = field(default_factory=dict)
    executor: Mapping[str, Any] = field(default_factory=lambda: {"use": "local"})
    precision: str | None = None
    stamps: Mapping[str, Any] = field(default_factory=dict)

    def as_text(self) -> str:
        """As plan.json has it."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The plan that `as_text` made this of.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        told = json.loads(text)
        if told.pop("format") != FORMAT:
            raise ValueError(f"another format than {FORMAT}")
        made = {
            "seeds": tuple(told["seeds"]),
            "variants": {
                name: PlannedVariant(**{**one, "changes": tuple(one["changes"])})
                for name, one in told["variants"].items()
            },
            "runs": {key: PlannedRun(**one) for key, one in told["runs"].items()},
            "orphans": {key: PlannedRun(**one) for key, one in told["orphans"].items()},
        }
        return cls(**{**told, **made})

    def key_of(self, variant: str, seed: int) -> str:
        """The key of a run.

        Raises:
            KeyError: it is not planned.
        """
        for key, run in self.runs.items():
            if (run.variant, run.seed) == (variant, seed):
                return key
        raise KeyError(f"{variant}, seed {seed}")
