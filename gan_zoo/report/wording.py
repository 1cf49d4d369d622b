"""Numbers and sentences as people read them."""

from __future__ import annotations

from gan_zoo.report.run_view import RunView
from gan_zoo.report.scores import Scored
from gan_zoo.report.series import Series
from gan_zoo.reporter import format_duration

LATE = 0.95  # of the run: a best score after that is the last look, or nearly


def figure(value: float) -> str:
    """Four digits that count."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def ended(sentence: str) -> str:
    """A sentence with its full stop."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def listing(words: list[str]) -> str:
    """Words as a sentence lists them."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def describe_training(run: RunView) -> str:
    """What was trained, on what, to which end: a sentence."""
    generator, judge = run.value("generator.use"), run.value("discriminator.use")
    data, losses = run.value("data.use"), run.uses("losses")
    told = f"The generator {generator}" if generator else "A model"
    if judge:
        told += f" learned against the discriminator {judge}"
    told += f" on {data or 'its data'}"
    if losses:
        told += f", by the losses {listing([*losses])}"
    return told + "."


def describe_end(run: RunView) -> str:
    """How far it is, and how it ended."""
    took = f" in {format_duration(run.told.seconds)}" if run.told.seconds >= 1 else ""
    if run.told.end.startswith("Done after"):
        return f"Finished: {run.steps:,} steps{took}."
    if run.told.end:
        return f"Ended at step {run.steps:,}{took}, as it was asked to."
    if not run.steps:
        return "No step was logged yet."
    return f"Not finished: {run.steps:,} steps{took} so far."


def describe_best(run: RunView, scored: Scored) -> str:
    """When the best score came, and what that says; empty where nothing tells which is better."""
    best = scored.best()
    if best is None:
        return ""
    step, value = best
    told = f"The best {scored.metric}, {figure(value)}, came at step {step:,}"
    looks = [at for at, _ in scored.points.points]
    if len(looks) == 1:
        return f"{told}, the only time it was measured."
    if step == looks[-1]:
        return f"{told}, the last time it was measured: it was still getting better."
    if step >= LATE * looks[-1]:
        return f"{told}, near the end."
    since = sum(at > step for at in looks)
    return f"{told}; {since} later measurement{'s were' if since > 1 else ' was'} no better."


def describe_verdict(run: RunView) -> list[str]:
    """A few sentences: how it ended, its best score, how many warnings."""
    told = [describe_end(run)]
    if scored := first_score(run):
        told.append(describe_best(run, scored))
    else:
        told.append("Nothing was scored: the pictures are all that tells how good it is.")
    warnings = run.history.warnings
    if warnings:
        first = warnings[0]
        count = "One warning" if len(warnings) == 1 else f"{len(warnings)} warnings, the first"
        told.append(f"{count} at step {first.step:,}: {ended(first.sentence)}")
    elif run.history.health:
        told.append("No warning was given.")
    return [sentence for sentence in told if sentence]


def first_score(run: RunView) -> Scored | None:
    """The score to speak of first: the one that picks weights/best, else the first with an order.

    Of several phases or protocols, the one that was measured last.
    """
    wanted = run.value("validation.best")
    ordered = [scored for scored in run.scores if scored.best() is not None]
    ordered.sort(key=lambda scored: -scored.points.points[-1][0])
    named = [scored for scored in ordered if scored.metric == wanted]
    return next(iter(named or ordered), None)


def describe_curve(series: Series) -> str:
    """Where a curve goes: its ends, as means of a twentieth of it, and its lowest point."""
    values = series.values
    if len(values) == 1:
        return f"{figure(values[0])} at step {series.points[0][0]:,}, the only one."
    count = max(1, len(values) // 20)
    first, last = (sum(part) / count for part in (values[:count], values[-count:]))
    low, high = (choose(series.points, key=lambda p: p[1]) for choose in (min, max))
    if low[1] == high[1]:
        return f"{figure(low[1])} throughout."
    return (
        f"From {figure(first)} to {figure(last)}; lowest {figure(low[1])} at step {low[0]:,}, "
        f"highest {figure(high[1])} at step {high[0]:,}."
    )
