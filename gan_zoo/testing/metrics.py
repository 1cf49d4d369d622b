"""What holds for metrics."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gan_zoo.components.watching import MetricSpec
from gan_zoo.testing.subject import Advice, Subject, check, trying

# ---------------------------------------------------------------------------------- metrics


def pictures(count: int = 4) -> list[tuple[Tensor, Tensor]]:
    """Generated and real pictures, 8 bit, alike but not equal, the first ones closest."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for number in range(count):
        real = torch.randint(0, 256, (3, 48, 64), generator=generator, dtype=torch.uint8)
        noise = torch.randint(-9, 10, real.shape, generator=generator) * (number + 1)
        found.append(((real.int() + noise).clamp(0, 255).to(torch.uint8), real))
    return found


def score(metric: MetricSpec, pairs: Sequence[tuple[Tensor, Tensor]]) -> float:
    """The score of these pairs, from a fresh accumulator."""
    accumulator = metric.build()
    for generated, real in pairs:
        accumulator.update(generated, real)
    return accumulator.compute()


@check("metric")
def equal_pictures_score_best(subject: Subject) -> None:
    """In the direction that lower_is_better says, and by the protocol that it states."""
    metric: MetricSpec = subject.ready()
    pairs = pictures()
    with trying(
        "updated it with four pairs of uint8 pictures 3x48x64, and computed",
        expected="a number",
        cure="take uint8 `C H W`, one picture at a time",
    ):
        perfect, near, far = (
            float(score(metric, chosen))
            for chosen in ([(real, real) for _, real in pairs], pairs[:2], pairs[2:])
        )
    order = [perfect, near, far] if metric.lower_is_better else [far, near, perfect]
    if not order[0] < order[1] < order[2]:
        direction = "rise" if metric.lower_is_better else "fall"
        raise Advice(
            "scored equal pictures, nearly equal ones, and noisy ones",
            came=f"{perfect:.4g}, {near:.4g}, {far:.4g}",
            expected=f"numbers that {direction}: lower_is_better is {metric.lower_is_better}",
            cure="set lower_is_better, or correct the score",
        )
    if not metric.protocol.strip():
        raise Advice(
            "looked for its protocol",
            came="an empty text",
            expected="a line that makes the number comparable: range, averaging, sizes",
            cure="set the class variable protocol",
        )


@check("metric")
def order_does_not_count(subject: Subject) -> None:
    """The same pictures in another order, and scored again, give the same number."""
    metric: MetricSpec = subject.ready()
    pairs = pictures()
    before = [(generated.clone(), real.clone()) for generated, real in pairs]
    forth, back = score(metric, pairs), score(metric, pairs[::-1])
    score(metric, pairs[:1])  # must leave no trace
    again = score(metric, pairs)
    if abs(forth - back) > 1e-9 * abs(forth) or forth != again:
        raise Advice(
            "scored four pairs in both orders, and once more",
            came=f"{forth!r}, {back!r}, {again!r}",
            expected="one number (to rounding)",
            cure="accumulate sums, and start build() afresh",
        )
    flat = zip(sum(pairs, ()), sum(before, ()), strict=True)
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
    pairs = pictures()
    apart = [score(metric, pairs[::2]), score(metric, pairs[1::2]), score(metric, pairs)]
    with trying(
        "updated three of it by turns, and computed every one twice",
        expected="three scores",
        cure="let compute() leave what was accumulated as it is",
    ):
        made = [metric.build() for _ in range(3)]
        for number, pair in enumerate(pairs):
            made[number % 2].update(*pair)
            made[2].update(*pair)
            if number >= 2:
                made[2].compute()
        found = [(each.compute(), each.compute()) for each in made]
    for once, (ours, again) in zip(apart, found, strict=True):
        if not abs(ours - once) <= 1e-9 * abs(once) or ours != again:
            raise Advice(
                "updated three of it by turns, and computed every one twice",
                came=f"{ours!r}, then {again!r}",
                expected=f"{once!r}, as alone: validation may score while an evaluation does",
                cure="hold what is accumulated in the object that build() makes, and let "
                "compute() leave it as it is",
            )
