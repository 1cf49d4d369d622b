"""What holds for metrics."""

from __future__ import annotations

import atexit
import json
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_zoo.components.interfaces import Sample
from gan_zoo.components.measuring import Metric, MetricContext
from gan_zoo.components.watching import MetricSpec, is_better
from gan_zoo.errors import UserError
from gan_zoo.reporter import progress
from gan_zoo.testing.painted import PaintedSpec, Seeded
from gan_zoo.testing.subject import Advice, NotAtHand, Subject, check, trying

Pair = tuple[Tensor, Tensor, Sample]  # generated, real, and the sample that they are of
SET = 4  # pictures of a set that metrics of sets score here

# ---------------------------------------------------------------------------------- metrics


def pictures(count: int = 4, *, noise: int = 9) -> list[Pair]:
    """Generated and real pictures, 8 bit, alike but not equal; with maps of classes and instances,
    in whose colors the real ones are.

    Args:
        count: How many.
        noise: The most that a generated pixel is off, in 8-bit values.
    """
    generator = torch.Generator().manual_seed(0)
    dataset = PaintedSpec().open("test")
    found = []
    for number in range(count):
        sample = dataset.read(number, None)
        real = sample.maps["target"]
        off = torch.randint(-noise, noise + 1, real.shape, generator=generator)
        found.append(((real.int() + off).clamp(0, 255).to(torch.uint8), real, sample))
    return found


def pictures_for(metric: MetricSpec) -> list[Pair]:
    """As many as a metric needs: of a score of sets, both halves are sets.

    Raises:
        NotAtHand: it scores larger sets only.
    """
    if not metric.of_sets:
        return pictures()
    try:
        metric.require(SET)
    except UserError as problem:
        raise NotAtHand(f"the checks have sets of {SET} pictures: {problem}") from None
    return pictures(2 * SET)


@cache
def context() -> MetricContext:
    """What a metric may know: data of small painted pictures, and a model that draws by its seed.
    What metrics keep goes with the process.
    """
    return MetricContext(
        data=PaintedSpec(),
        learned=PaintedSpec(),
        size=None,
        split="test",
        target="target",
        pictures=Seeded(),
        cache=_KEPT,
        device="cpu",
        seed=0,
        say=lambda line: None,
        progress=progress,
    )


_KEPT = Path(tempfile.mkdtemp(prefix="gan-zoo-kit-"))
atexit.register(shutil.rmtree, _KEPT, ignore_errors=True)


def score(metric: MetricSpec, pairs: Sequence[Pair]) -> Mapping[str, float]:
    """The scores of these pairs by field, from a fresh accumulator."""
    accumulator = metric.build(context())
    for pair in pairs:
        accumulator.update(*pair)
    return numbers(accumulator)


def numbers(accumulator: Metric) -> Mapping[str, float]:
    """What it computes: field -> number; one number has the field of no name."""
    found = accumulator.compute()
    return found if isinstance(found, Mapping) else {"": float(found)}


@check("metric")
def equal_pictures_score_best(subject: Subject) -> None:
    """In the direction that lower_is_better says, or nearest to the ideal, and by the protocol that
    it states.
    """
    metric: MetricSpec = subject.ready()
    pairs = pictures_for(metric)
    noisy = pictures(len(pairs), noise=99)
    with trying(
        "updated it with four pairs of uint8 pictures 3x48x64 and their samples, and computed",
        expected="a number, or one for each of fields",
        cure="take uint8 `C H W` of any data, one picture at a time",
    ):
        same = [(real, real, sample) for _, real, sample in pairs]
        perfect, near, far = (score(metric, chosen) for chosen in (same, pairs, noisy))
    if {*perfect} != {*(metric.fields or ("",))}:
        raise Advice(
            "computed its numbers",
            came=f"those of {', '.join(map(repr, perfect))}",
            expected=f"one for each of its fields, {', '.join(metric.fields) or 'or a number'}",
            cure="name them in the class variable fields",
        )
    for field in perfect if metric.compares else ():
        order = [perfect[field], near[field], far[field]]
        turned = any(_better(metric, then, now) for now, then in pairwise(order))
        tied = not metric.of_sets and not _better(metric, order[0], order[-1])
        if turned or tied:  # sets may be as good as each other: all of one lie within the other
            direction = "rise" if metric.lower_is_better else "fall"
            wanted = f"numbers that {direction}: lower_is_better is {metric.lower_is_better}"
            if metric.ideal is not None:
                wanted = f"numbers that leave {metric.ideal}, its ideal"
            raise Advice(
                "scored equal pictures, nearly equal ones, and noisy ones",
                came=", ".join(f"{number:.4g}" for number in order),
                expected=wanted,
                cure="set lower_is_better (or ideal), or correct the score",
            )
    if not metric.protocol.strip():
        raise Advice(
            "looked for its protocol",
            came="an empty text",
            expected="a line that makes the number comparable: range, averaging, sizes",
            cure="set the class variable protocol",
        )


def _better(metric: MetricSpec, value: float, than: float) -> bool:
    return is_better(value, than, lower=metric.lower_is_better, ideal=metric.ideal)


@check("metric")
def order_does_not_count(subject: Subject) -> None:
    """The same pictures in another order, and scored again, give the same number."""
    metric: MetricSpec = subject.ready()
    pairs = pictures_for(metric)
    before = [(generated.clone(), real.clone()) for generated, real, _ in pairs]
    forth, back = score(metric, pairs), score(metric, pairs[::-1])
    score(metric, pairs[: SET if metric.of_sets else 1])  # must leave no trace
    again = score(metric, pairs)
    if not _equal(forth, back) or forth != again:
        raise Advice(
            "scored four pairs in both orders, and once more",
            came=f"{_told(forth)}, {_told(back)}, {_told(again)}",
            expected="one number (to rounding)",
            cure="accumulate sums, and start build() afresh",
        )
    flat = zip(sum((pair[:2] for pair in pairs), ()), sum(before, ()), strict=True)
    if not all(torch.equal(ours, theirs) for ours, theirs in flat):
        raise Advice(
            "looked at the pictures after scoring them",
            came="they were changed in place",
            expected="pictures as they were: other metrics read them too",
            cure="convert with .to() before computing in place",
        )


@check("metric")
def accumulators_stand_alone(subject: Subject) -> None:
    """Two at once do not mix, and a score may be asked for in between."""
    metric: MetricSpec = subject.ready()
    pairs = pictures_for(metric)
    apart = [score(metric, pairs[::2]), score(metric, pairs[1::2]), score(metric, pairs)]
    with trying(
        "updated three of it by turns, and computed every one twice",
        expected="three scores",
        cure="let compute() leave what was accumulated as it is",
    ):
        made = [metric.build(context()) for _ in range(3)]
        for number, pair in enumerate(pairs):
            made[number % 2].update(*pair)
            made[2].update(*pair)
            if number >= (SET - 1 if metric.of_sets else 2):
                made[2].compute()
        found = [(numbers(each), numbers(each)) for each in made]
    for once, (ours, again) in zip(apart, found, strict=True):
        if not _equal(ours, once) or ours != again:
            raise Advice(
                "updated three of it by turns, and computed every one twice",
                came=f"{_told(ours)}, then {_told(again)}",
                expected=f"{_told(once)}, as alone: validation may score while an evaluation does",
                cure="hold what is accumulated in the object that build() makes, and let "
                "compute() leave it as it is",
            )


@check("metric")
def values_are_those_of_the_pictures(subject: Subject) -> None:
    """Where it keeps what single pictures score, each is that of the picture alone."""
    metric: MetricSpec = subject.ready()
    pairs = pictures_for(metric)
    together = metric.build(context())
    for pair in pairs:
        together.update(*pair)
    kept = _values(together)
    if metric.of_sets and set(kept) == set(metric.fields or ("",)):
        raise Advice(
            "looked for values of single pictures",
            came="one for every picture, though of_sets says that only sets have a score",
            expected="none for a score of sets",
            cure="set of_sets to False, or leave values() out",
        )
    for field, values in kept.items():
        alone = []
        for pair in pairs:
            single = metric.build(context())
            single.update(*pair)
            alone += _values(single)[field]
        if len(values) != len(pairs) or not all(map(_close, values, alone)):
            raise Advice(
                "asked four pictures for their values, together and one by one",
                came=f"{values} and {alone}",
                expected="four values, the same either way, in the order of the pictures",
                cure="let values() give one number a picture that no other picture changes",
            )
    own: Any = together
    told = own.protocol() if hasattr(own, "protocol") else None
    with trying(
        "wrote what protocol() gives as JSON",
        expected="plain mappings, lists, texts and numbers",
        cure="give digests as text, sizes as numbers",
    ):
        json.dumps(told, allow_nan=False)


def _values(accumulator: Any) -> dict[str, list[float]]:
    """Field -> what every picture scores, of the fields that say so."""
    found = accumulator.values() if hasattr(accumulator, "values") else {}
    found = found if isinstance(found, Mapping) else {"": found}
    return {field: [*map(float, values)] for field, values in found.items()}


def _equal(ours: Mapping[str, float], theirs: Mapping[str, float]) -> bool:
    return ours.keys() == theirs.keys() and all(_close(ours[key], theirs[key]) for key in ours)


def _close(one: float, other: float) -> bool:
    alike = abs(one - other) <= 1e-9 * max(1.0, abs(other))
    return alike or one == other or (math.isnan(one) and math.isnan(other))


def _told(found: Mapping[str, float]) -> str:
    return ", ".join(f"{field} {number!r}".strip() for field, number in found.items())
