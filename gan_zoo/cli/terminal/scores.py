"""Scores, each with its protocol; and those of one run against another's."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from gan_zoo.cli.terminal.text import print_rows
from gan_zoo.errors import format_size

if TYPE_CHECKING:
    from gan_zoo.evaluation.comparison import Difference
    from gan_zoo.evaluation.score_files import Score, Scores

BIASED = "biased_below"  # stands beside scores of too few pictures, as Metric says


FEWEST = 8  # pictures, below which an interval over them says nothing


def print_scores(scores: Scores, as_json: bool = False) -> None:
    """What was measured, beside the baseline if there is one, and by which protocol."""
    if as_json:
        print(json.dumps(scores.as_data(), indent=2, allow_nan=False))
        return
    print(scores.data)
    sizes = "their own sizes"
    if scores.size:
        sizes = f"{format_size(scores.size)} (height x width)"
    print(f"pictures at {sizes}\n{scores.model}\n")
    beside = scores.baseline
    head = ["metric", scores.split, *beside, "id"]
    rows = [head]
    for name, score in scores.measured.items():
        others = [_of(own.get(name), score) for own in beside.values()]
        told = f"{score.id} {_beside(score, scores.pictures)}"
        rows.append([name, figure(score.value), *others, told])
    print_rows(rows, right=range(1, len(head) - 1))
    _print_protocols(scores)


def print_comparison(
    one: Scores, other: Scores, found: Sequence[Difference], runs: tuple[str, str]
) -> None:
    """The differences of two runs on the same pictures.

    Args:
        one: The scores of the run that is looked at.
        other: Those of the run that it is set against.
        found: Their differences.
        runs: How the two are called.
    """
    print(one.data)
    for name, run, scores in zip("AB", runs, (one, other), strict=True):
        print(f"{name}: {run}, step {scores.step}, {scores.model}")
    print()
    rows = [["metric", "A", "B", "A - B", "95 % interval", "A is better in", "id"]]
    for each in (one for one in found if not one.apart):
        score, within = one.measured[each.name], each.interval
        difference = figure(within.mean if within else each.ours - each.theirs)
        interval = f"{figure(within.low)} to {figure(within.high)}" if within else "-"
        share = f"{each.better} of {one.pictures}" if within else "-"
        row = [each.name, figure(each.ours), figure(each.theirs), difference, interval, share]
        rows.append([*row, f"{score.id} {_bias(score, one.pictures)}"])
    if len(rows) > 1:
        print_rows(rows, right=range(1, 6))
        print()
        for each in found:
            if not each.apart:
                print_rows([[_verdict(each, one.measured[each.name])]])
    if apart := [each for each in found if each.apart]:
        print("\nNot comparable, so not set side by side")
        print_rows([[each.name, each.apart] for each in apart])
    _print_protocols(one, only=[each.name for each in found if not each.apart])
    print(
        "\nIntervals are over pictures, of these two trainings. Another seed may move a score by "
        "more:\ntrain both with several before you say that one way is better."
    )


def compared_as_data(one: Scores, other: Scores, found: Sequence[Difference]) -> dict[str, Any]:
    """The same for scripts: the scores of both, and the differences."""
    differences = [difference.as_data() for difference in found]
    return {"scores": one.as_data(), "against": other.as_data(), "differences": differences}


def figure(value: float) -> str:
    """A score as tables show it."""
    return f"{value:.4f}" if math.isfinite(value) else str(value)


def _verdict(found: Difference, score: Score) -> str:
    """What a difference says, in a sentence."""
    if found.interval is None:
        return f"{found.name}: of sets of pictures; one training each gives it no interval"
    assert score.values is not None
    if len(score.values) < FEWEST:
        return f"{found.name}: {len(score.values)} pictures are too few to tell A from B"
    if not found.interval.is_off_zero:
        return f"{found.name}: these pictures do not tell A from B"
    if score.ideal is not None:
        nearer = "A" if found.interval.mean < 0 else "B"
        of = f"A - B is of each picture's distance to {score.ideal:g}"
        return f"{found.name}: {nearer} is nearer to {score.ideal:g} on these pictures; {of}"
    better = "A" if (found.interval.mean < 0) == score.lower_is_better else "B"
    return f"{found.name}: {better} is better on these pictures"


def _print_protocols(scores: Scores, only: Sequence[str] | None = None) -> None:
    """One line an id: what must be equal to compare the score with another."""
    told: dict[str, list[str]] = {}
    for name, score in scores.measured.items():
        if only is None or name in only:
            told.setdefault(score.id, [name, _protocol(score.protocol)])
    if not told:
        return
    print("\nProtocols: only scores of one id may be compared")
    print_rows([[key, *line] for key, line in told.items()])
    alone = f"Of this run: weights {scores.weights}, step {scores.step}; " if only is None else ""
    print(f"\n{alone}gan-zoo {metadata.version('gan-zoo')}")


def _protocol(protocol: Mapping[str, Any]) -> str:
    size = format_size(protocol["size"]) if protocol["size"] else "of their own sizes"
    options = ", ".join(f"{key} {_plain(value)}" for key, value in protocol["options"].items())
    parts = [
        f"{protocol['split']}, {protocol['pictures']} pictures {size} at the recipe's size rule",
        f"{protocol['bits']}-bit, data {protocol['data']}",
        protocol["measures"],
        options,
        f"styles {protocol['styles']}" if protocol["styles"] else "",
    ]
    if judge := protocol["judge"]:
        parts.append(
            "judge: " + ", ".join(f"{key} {_plain(value)}" for key, value in judge.items())
        )
    return " | ".join(part for part in parts if part)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _beside(score: Score, pictures: int) -> str:
    """What stands beside a score, its bias first."""
    bias = _bias(score, pictures)
    others = {name: value for name, value in score.beside.items() if name != BIASED}
    told = ", ".join(f"{name} {figure(value)}" for name, value in others.items())
    return " ".join([bias] * bool(bias) + [f"({told})"] * bool(told))


def _bias(score: Score, pictures: int) -> str:
    """A word on scores of too few pictures; empty for others."""
    needed = score.beside.get(BIASED, 0)
    return f"(biased: N={pictures} < {needed:g})" if pictures < needed else ""


def _of(other: Score | None, score: Score) -> str:
    """Another score in the column beside; none where the two may not be compared."""
    return figure(other.value) if other is not None and other.id == score.id else "-"
