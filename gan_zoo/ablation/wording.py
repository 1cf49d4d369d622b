"""What is told of an ablation's runs before the first starts, and at the end. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gan_zoo.ablation.attempts import Attempt
from gan_zoo.ablation.plan import Plan


def describe_start(plan: Plan, keys: Sequence[str], done: int, places: int) -> str:
    """`15 runs: 5 variants x 3 seeds; 2 at a time, 1 thread each; 4 are done`.

    Args:
        plan: Of the ablation.
        keys: The runs that are asked for.
        done: How many of them are done.
        places: How many run at once.
    """
    variants = {plan.runs[key].variant for key in keys}
    told = f"{count(len(keys), 'run')}: {count(len(variants), 'variant')}"
    told += f" x {count(len(plan.seeds), 'seed')}; {places} at a time"
    if plan.threads is not None:
        told += f", {count(plan.threads, 'thread')} each"
    return told + (f"; {done} {'is' if done == 1 else 'are'} done" if done else "")


def describe_end(
    folder: Path, runs: int, done: int, elsewhere: int, failed: Sequence[Attempt]
) -> str:
    """`12 of 15 done, 1 failed, 2 left`, and how to go on.

    Args:
        folder: Of the ablation.
        runs: That were asked for.
        done: Of them.
        elsewhere: At which others are.
        failed: The last try of each that failed.
    """
    left = runs - done - len(failed)
    told = f"{done} of {runs} done"
    told += f", {len(failed)} failed" if failed else ""
    told += f", {left} left" if left else ""
    told += f" (others are at {elsewhere})" if elsewhere else ""
    if left:
        told += f"; to go on: gan-zoo ablate {folder}"
    if failed:
        causes = {one.cause for one in failed}
        which = f" {causes.pop()}" if len(causes) == 1 else ""
        told += f"; to try again what failed: gan-zoo ablate {folder} --retry{which}"
    return told


def count(number: int, what: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {what}" + ("" if number == 1 else "s")
