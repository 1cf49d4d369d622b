"""When pictures are scored during training, and whether scores are the best so far."""

from __future__ import annotations

import math

from gan_zoo.recipe.model import Validation
from gan_zoo.runs.checkpoint import Position


def is_due(wanted: Validation, epoch: int, *, epoch_ended: bool, phase_ended: bool) -> bool:
    """Whether pictures are scored now: every so many epochs, and at the end of every phase."""
    return phase_ended or (epoch_ended and epoch % wanted.every == 0)


def is_best(wanted: Validation, metric: str, value: float, position: Position) -> bool:
    """Whether a score picks weights/best: none of the phase was better yet."""
    best, lower = position.best, wanted.metrics[metric].lower_is_better
    return math.isfinite(value) and (best is None or (value < best if lower else value > best))
