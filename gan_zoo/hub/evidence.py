"""What a run's folder tells of its weights: scores, samples, data."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_zoo.evaluation.score_files import Scores, is_elsewhere, read_scores
from gan_zoo.report.previews import read_galleries, read_sheets
from gan_zoo.runs.folder import RunFolder

DIGITS = 16  # of a fingerprint


def scores_of(run: RunFolder, weights: str) -> list[Scores]:
    """The finite scores on its own data that a run keeps of these weights, a file each. The best
    ones were the latest when they were scored.
    """
    return [scores for path, scores in _scores(run, weights) if not is_elsewhere(path, scores)]


def scores_elsewhere(run: RunFolder, weights: str) -> list[Path]:
    """The files of those on other data, which say what the pictures were, and not whose."""
    return [path for path, scores in _scores(run, weights) if is_elsewhere(path, scores)]


def _scores(run: RunFolder, weights: str) -> list[tuple[Path, Scores]]:
    step, named = run.weights_step(weights), {weights, "latest"} if weights == "best" else {weights}
    found = []
    for path, scores in read_scores(run.path):
        own = {n: s for n, s in scores.measured.items() if math.isfinite(s.value)}
        if scores.step == step and scores.weights in named and own:
            found.append((path, scores))
    return found


@dataclass(frozen=True)
class Samples:
    """A sheet of pictures that the run previewed.

    Args:
        path: A PNG.
        step: Of training.
        callback: Wrote it.
        columns: What stands beside each other; empty where the run does not tell.
        rows: How many samples.
    """

    path: Path
    step: int
    callback: str
    columns: tuple[str, ...]
    rows: int


def samples_of(run: RunFolder, weights: str) -> Samples | None:
    """The sheet of the weights' own step, else the last one before it, else the first; None where
    the run has none.
    """
    sheets, own = read_sheets(run.previews), run.weights_step(weights)
    galleries = {gallery.callback: gallery for gallery in read_galleries(run.previews)}
    for callback, gallery in galleries.items():
        found = sheets.get(callback, {})
        if not found:
            continue
        before = [step for step in found if own is None or step <= own]
        step = max(before) if before else min(found)
        columns = (*gallery.given, "output") if gallery.given else ()
        rows = 0 if gallery.sheets else len(gallery.samples)
        return Samples(found[step][1], step, callback, columns, rows)
    return None


def data_of(run: RunFolder) -> dict[str, tuple[int, str]]:
    """Split -> how many samples it had in the last phase, and a fingerprint of the names and sizes
    of their files; of none where the run tells neither.
    """
    kept: Any = run.data()
    if not isinstance(kept, Mapping) or not kept.get("phases"):
        return {}
    found = {}
    for split, place in [*kept["phases"].values()][-1].items():
        told = kept["splits"][place]
        known = json.dumps(told, sort_keys=True).encode()
        print_ = hashlib.sha256(known).hexdigest()[:DIGITS] if "names" in told else ""
        found[split] = (int(told["samples"]), print_)
    return found
