"""What a run says of itself: before a phase, before its first step, at the end."""

from __future__ import annotations

from pathlib import Path

from gan_zoo.checks.data_at_hand import holdings
from gan_zoo.components.interfaces import Dataset
from gan_zoo.engine.loader import Plan
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.errors import format_size
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import format_duration


def announce_data(wired: WiredRecipe) -> list[str]:
    """What lies in each split, a line each: the phase tells how the first one is read."""
    told = []
    for number, holding in enumerate(holdings(wired)):
        said = f"{holding.said}; " if number else ""
        told.append(f"{holding.split}: {said}{holding.describe()}")
    return told


def announce_phase(
    name: str, runner: PhaseRunner, plan: Plan, training: Dataset, *, steps: int
) -> str:
    """How long a phase is, on what, and how much learns."""
    times = f"{plan.accumulate} x " if plan.accumulate > 1 else ""
    size = f" at {format_size(runner.phase.size)}" if runner.phase.size else ""
    learns = {p.name: sum(x.numel() for x in p.learns.values()) for p in runner.players.values()}
    moving = ", ".join(f"{player} {count:,}" for player, count in learns.items())
    return (
        f"Phase {name}: {steps} steps{size}, {plan.steps_a_pass} a pass over {plan.samples} "
        f"samples in {times}batches of {plan.batch}; learning parameters: {moving}\n"
        f"  {training.describe()}"
    )


def announce_duration(steps: int, seconds: float, *, recorded: bool = False) -> str:
    """How long the steps of a phase will take.

    Args:
        steps: How many.
        seconds: Of one.
        recorded: Whether steps are to be recorded, and are faster then.
    """
    most = "at most" if recorded else "about"
    before = ", before steps are recorded" * recorded
    return (
        f"  {most} {format_duration(seconds * steps)}: {steps} steps of {1000 * seconds:.0f} ms, "
        f"timed on the first batch without learning from it{before}"
    )


def announce_end(folder: Path, step: int, steps: int, seconds: float, missing: str = "") -> str:
    """That it is done, or how to go on.

    Args:
        folder: The run's.
        step: Where it ended.
        steps: Where it would have ended of itself.
        seconds: That it took.
        missing: The weights that inference asks for, where they are not kept yet.
    """
    absent = ""
    if missing:
        absent = f". Nothing is in weights/{missing} yet, which inference.weights asks for: until "
        absent += "the first score, translate with --weights latest"
    if step >= steps:
        return f"Done after {step} steps, {format_duration(seconds)}{absent}"
    return (
        f"Ended at --steps {step} of {steps}; gan-zoo resume {folder} --steps all goes on{absent}"
    )
