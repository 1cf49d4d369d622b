"""Scores during training, and whether they are the best so far."""

from __future__ import annotations

import math

from gan_zoo.components.interfaces import Dataset
from gan_zoo.evaluation.scores import score
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.model import Validation
from gan_zoo.runs.checkpoint import Position


def is_due(wanted: Validation | None, epoch: int, *, epoch_ended: bool, phase_ended: bool) -> bool:
    """Whether pictures are scored now: every so many epochs, and at the end of every phase."""
    return wanted is not None and (phase_ended or (epoch_ended and epoch % wanted.every == 0))


def scores_of(wanted: Validation, pictures: Translator, dataset: Dataset) -> dict[str, float]:
    """Metric -> score of a split.

    Raises:
        UserError: a sample cannot be read, or is not what the recipe says; names the file.
    """
    return score(pictures, dataset, wanted.metrics)


def is_best(wanted: Validation, scores: dict[str, float], position: Position) -> bool:
    """Whether these scores pick weights/best: none of the phase was better yet."""
    if wanted.best is None:
        return False
    value, best = scores[wanted.best], position.best
    lower = wanted.metrics[wanted.best].lower_is_better
    return math.isfinite(value) and (best is None or (value < best if lower else value > best))
