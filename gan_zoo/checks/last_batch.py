"""The last batch of a pass, which may be smaller than the others."""

from __future__ import annotations

from gan_zoo.errors import DataError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredPhase, WiredRecipe


def count_samples(wired: WiredRecipe) -> dict[str, int]:
    """Phase -> samples to learn from, where they are at hand and listed without a mistake."""
    found = {}
    for name in wired.recipe.phases:
        phase = wired.phase(name)
        if phase.recipe.data.missing():
            continue
        try:
            found[name] = len(phase.recipe.data.open("train", phase.phase.size))
        except DataError:  # the data at hand is judged elsewhere
            continue
    return found


def steps_a_pass(recipe: Recipe, samples: int) -> int:
    """Steps in which so many samples are seen once, by a recipe as it is in a phase."""
    return -(-samples // (recipe.data.batch * recipe.engine.accumulate))


def count_steps(phase: WiredPhase, samples: int) -> int:
    """Steps of a phase that learns from so many samples."""
    return phase.phase.steps or (phase.phase.epochs or 0) * steps_a_pass(phase.recipe, samples)


def last_batch(phase: WiredPhase, samples: int) -> int:
    """Samples of the last batch of a pass, where it is smaller than the others and the phase gets
    there; 0 otherwise.
    """
    batch = phase.recipe.data.batch
    if phase.phase.steps and phase.phase.steps < steps_a_pass(phase.recipe, samples):
        return 0
    return samples % batch


def describe_last_batch(phase: WiredPhase, samples: int) -> str:
    """Where it is, and which size of batch leaves no picture alone."""
    batch = phase.recipe.data.batch
    others = sorted(range(2, 2 * batch + 2), key=lambda other: (abs(other - batch), other))
    other = next((other for other in others if samples % other != 1), batch)
    rest = last_batch(phase, samples)
    told = f"phase {phase.name}: the last batch of a pass holds {rest} of {samples} samples"
    return f"{told} (data.batch: {batch}; data.batch={other} leaves none alone)"
