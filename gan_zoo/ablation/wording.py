"""What is told of an ablation's runs before the first starts, and at the end. No torch."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from gan_zoo.ablation.attempts import Attempt
from gan_zoo.ablation.claims import Owner
from gan_zoo.ablation.plan import Plan
from gan_zoo.reporter import format_duration

ROUNDED = ((60, 10), (600, 60), (3600, 300))  # below so many seconds, to so many


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
    left, again = runs - done - len(failed), f"gan-zoo ablate {shlex.quote(str(folder))}"
    told = f"{done} of {runs} done"
    told += f", {len(failed)} failed" if failed else ""
    told += f", {left} left" if left else ""
    told += f" (others are at {elsewhere})" if elsewhere else ""
    if left:
        told += f"; to go on: {again}"
    if failed:
        causes = {one.cause for one in failed}
        which = f" {causes.pop()}" if len(causes) == 1 else ""
        told += f"; to try again what failed: {again} --retry{which}"
    return told


def describe_rest(took: Sequence[float], left: int, places: int) -> str:
    """`, about 40 min to go`; nothing where that is not known.

    Args:
        took: Seconds of the runs that are done.
        left: Runs that are neither done nor failed.
        places: How many run at once.
    """
    if not took or not left:
        return ""
    seconds = fmean(took) * left / min(places, left)
    step = next((step for most, step in ROUNDED if seconds < most), 1800)
    told = format_duration(max(step, step * round(seconds / step))).removesuffix(" 0 s")
    return f", about {told.removesuffix(' 0 min')} to go"


def describe_holder(holder: Owner) -> str:
    """Who holds a run, and what comes of it where nobody here can ask whether that one lives."""
    told = f"is being made by process {holder.process.pid} on {holder.host}, at {holder.place}"
    if holder.process.is_gone() is None:
        told += "; if that has died, the run is taken over ten minutes after its last sign of life"
    return told


def count(number: int, what: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {what}" + ("" if number == 1 else "s")
