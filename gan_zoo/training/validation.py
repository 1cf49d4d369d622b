"""When pictures are scored during training, and what follows of the scores."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gan_zoo.recipe.model import Validation
from gan_zoo.runs.checkpoint import Position


def is_due(wanted: Validation, epoch: int, *, epoch_ended: bool, phase_ended: bool) -> bool:
    """Whether pictures are scored now: every so many epochs, and at the end of every phase."""
    return phase_ended or (epoch_ended and epoch % wanted.every == 0)


def is_best(wanted: Validation, name: str, value: float, best: float | None) -> bool:
    """Whether a score is better than the best one so far."""
    if not math.isfinite(value):
        return False
    return best is None or wanted.scores()[name].is_better(value, best)


def watch(wanted: Validation, scores: Mapping[str, float], position: Position) -> str:
    """Count the scores without a new best, and end the phase where there were enough of them.

    Returns:
        Why the phase ends; empty where it goes on.
    """
    stop = wanted.early_stop
    if stop is None:
        return ""
    value = scores[stop.metric]
    if is_best(wanted, stop.metric, value, position.watched):
        position.watched, position.waited = value, 0
        return ""
    position.waited += 1
    if position.waited < stop.patience:
        return ""
    position.ended_early = True
    best = (
        "none was a number" if position.watched is None else f"the best was {position.watched:.4g}"
    )
    times = "score" if stop.patience == 1 else f"{stop.patience} scores in a row"
    return (
        f"{stop.metric} got no better for {times} ({best}): phase {position.phase} ends here, "
        "as validation.early_stop says"
    )
