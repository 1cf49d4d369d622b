"""Scores as they lie on disk: every number with the protocol that makes it comparable, and what the
single pictures score. No torch.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from gan_zoo.components.watching import is_better
from gan_zoo.runs.atomic import write_file

FORMAT = 1
FOLDER = "scores"
LABEL = 8  # digits of other data in a file's name


@dataclass(frozen=True)
class Score:
    """One number, with what must be equal to compare it with another.

    Args:
        value: The score.
        lower_is_better: Of the number, or where there is an ideal of its distance to that.
        protocol: How and on what it was measured.
        values: What every single picture scores, in the order of their names; None of scores that
            only sets of pictures have.
        beside: Numbers that stand beside it, as a ceiling.
        ideal: The best value, where neither lower nor higher is better.
    """

    value: float
    lower_is_better: bool
    protocol: Mapping[str, Any]
    values: tuple[float, ...] | None = None
    beside: Mapping[str, float] = field(default_factory=dict)
    ideal: float | None = None

    @property
    def id(self) -> str:
        """Eight digits that are equal where scores may be compared."""
        return hashlib.sha256(json.dumps(self.protocol, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean of what the pictures score. What is pooled over pixels is not."""
        found = [value for value in self.values or () if not math.isnan(value)]
        mean = math.fsum(found) / len(found) if found else math.nan
        return math.isclose(mean, self.value, rel_tol=1e-9, abs_tol=1e-12)

    def compared(self, values: Sequence[float]) -> Sequence[float]:
        """What is compared of values of this score: they, or their distances to the ideal."""
        return values if self.ideal is None else [abs(value - self.ideal) for value in values]

    def is_better(self, value: float, than: float) -> bool:
        """Whether one value of this score is better than another."""
        return is_better(value, than, lower=self.lower_is_better, ideal=self.ideal)


@dataclass(frozen=True)
class Scores:
    """What was measured, on what, and of which weights.

    Args:
        phase: Of the weights.
        step: Of the weights.
        weights: Their name in the run.
        split: The split of the data.
        styles: Where styles come from, of models that take any.
        model: Which weights made the pictures, and how, in a line.
        data: Which pictures, as the data describes itself.
        digest: Of their names and all their maps.
        names: Of the samples, in order.
        size: [height, width] that the recipe's size rule made of them; None where they differ.
        measured: METRIC or METRIC.FIELD -> score.
        baseline: Its name -> the same of it, if asked for.
    """

    phase: str
    step: int | None
    weights: str
    split: str
    styles: str
    model: str
    data: str
    digest: str
    names: tuple[str, ...]
    size: tuple[int, int] | None
    measured: Mapping[str, Score]
    baseline: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)

    @property
    def pictures(self) -> int:
        """How many were scored."""
        return len(self.names)

    @property
    def scores(self) -> dict[str, float]:
        """METRIC or METRIC.FIELD -> its value."""
        return {name: score.value for name, score in self.measured.items()}

    def as_data(self) -> dict[str, Any]:
        """As JSON knows it: what is no finite number is null."""
        told = {
            "format": FORMAT,
            "phase": self.phase,
            "step": self.step,
            "weights": self.weights,
            "split": self.split,
            "styles": self.styles,
            "model": self.model,
            "data": {"digest": self.digest, "names": [*self.names], "describe": self.data},
            "size": self.size and [*self.size],
            "scores": _scores_as_data(self.measured),
        }
        if self.baseline:
            told["baseline"] = {n: _scores_as_data(own) for n, own in self.baseline.items()}
        return told

    @classmethod
    def of_data(cls, told: Mapping[str, Any]) -> Self:
        """The scores that `as_data` made this of.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        if told["format"] != FORMAT:
            raise ValueError(f"format {told['format']} came, {FORMAT} was expected")
        size = told["size"]
        return cls(
            **{name: told[name] for name in ("phase", "step", "weights", "split", "styles")},
            model=told["model"],
            data=told["data"]["describe"],
            digest=told["data"]["digest"],
            names=tuple(told["data"]["names"]),
            size=(size[0], size[1]) if size else None,
            measured={name: _score_of_data(score) for name, score in told["scores"].items()},
            baseline={
                name: {key: _score_of_data(score) for key, score in own.items()}
                for name, own in told.get("baseline", {}).items()
            },
        )


def write_scores(run: Path, scores: Scores, *, elsewhere: bool = False) -> Path:
    """Write scores/SPLIT-STEP[-LABEL].json in a run's folder, the label of weights other than the
    latest and of other data. Scores of other metrics on the same pictures by the same weights stay
    in it.

    Args:
        run: The run's folder.
        scores: What was measured.
        elsewhere: On other data than the run's own.

    Raises:
        OSError: the folder cannot be written; names the file.
    """
    label = [scores.weights] * (scores.weights != "latest") + [scores.digest[:LABEL]] * elsewhere
    name = "-".join([scores.split, f"{scores.step or 0:06d}", *label])
    path = run / FOLDER / f"{name}.json"
    if (before := _read(path)) is not None and _alike(before, scores):
        scores = replace(scores, measured={**before.measured, **scores.measured})
    path.parent.mkdir(exist_ok=True)
    told = replace(scores, baseline={}).as_data()
    write_file(path, json.dumps(told, indent=1, allow_nan=False) + "\n")
    return path


def is_elsewhere(path: Path, scores: Scores) -> bool:
    """Whether `write_scores` was told that these are on other data than the run's own."""
    return path.stem.endswith(f"-{scores.digest[:LABEL]}")


def read_scores(run: Path) -> Iterator[tuple[Path, Scores]]:
    """The scores of a run's folder with their files, by split and step; those that are none of this
    format are passed over.
    """
    for path in sorted((run / FOLDER).glob("*.json")):
        if (scores := _read(path)) is not None:
            yield path, scores


def drop_later(run: Path, step: int) -> None:
    """Drop what was scored beyond a step that the run goes on from, as its log does."""
    for path, scores in read_scores(run):
        if scores.step is not None and scores.step > step:
            path.unlink()


def _alike(one: Scores, other: Scores) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("phase", "step", "weights", "styles", "model", "digest", "names")
    )


def _read(path: Path) -> Scores | None:
    try:
        return Scores.of_data(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError):
        return None  # absent, or of another program; what it holds is no score of ours


def _scores_as_data(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {name: _score_as_data(score) for name, score in scores.items()}


def _score_as_data(score: Score) -> dict[str, Any]:
    values = None if score.values is None else [_finite(value) for value in score.values]
    return {
        "value": _finite(score.value),
        "lower_is_better": score.lower_is_better,
        **({"ideal": score.ideal} if score.ideal is not None else {}),
        "id": score.id,
        "protocol": dict(score.protocol),
        "beside": {name: _finite(value) for name, value in score.beside.items()},
        "values": values,
    }


def _score_of_data(told: Mapping[str, Any]) -> Score:
    values = told["values"]
    return Score(
        value=_number(told["value"]),
        lower_is_better=told["lower_is_better"],
        protocol=told["protocol"],
        values=None if values is None else tuple(map(_number, values)),
        beside={name: _number(value) for name, value in told["beside"].items()},
        ideal=told.get("ideal"),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value
