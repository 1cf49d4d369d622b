"""Scores by protocol: numbers that were measured in different ways share no column. No torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from gan_zoo.ablation.plan import Plan
from gan_zoo.evaluation.score_files import Score

Runs = Mapping[str, Mapping[int, Score]]  # variant -> seed -> one score of its run
SHORT = 20  # letters of a word that a column's title may hold


def part_by_protocol(name: str, runs: Runs, plan: Plan) -> tuple[dict[str, Runs], list[str]]:
    """One score of all variants, apart where variants are measured in different ways, as those that
    take their styles of the target are.

    Args:
        name: Of the score.
        runs: Its values.
        plan: The order of variants, and the reference.

    Returns:
        Title of a column -> the runs in it, that of the reference first; and a sentence on what
        stands in none: no finite numbers, runs by another protocol than most of their variant.
    """
    order = [plan.reference, *plan.variants]
    most = {
        variant: Counter(score.id for score in own.values()).most_common(1)[0][0]
        for variant in dict.fromkeys(order)
        if (own := runs.get(variant))
    }
    found: dict[str, dict[str, dict[int, Score]]] = {}  # id -> variant -> seed
    notes: list[str] = []
    for variant in plan.variants:
        own = runs.get(variant, {})
        kept = {
            seed: score
            for seed, score in own.items()
            if score.id == most[variant] and math.isfinite(score.value)
        }
        notes += _left_out(name, variant, own, most.get(variant, ""))
        if kept:
            found.setdefault(most[variant], {})[variant] = kept
    ids = [id for id in dict.fromkeys(most.values()) if id in found]
    protocols = {id: next(_scores(found[id])).protocol for id in ids}
    titles: dict[str, Runs] = {}
    for id in ids:
        title = name if not titles else f"{name} ({_apart(protocols[ids[0]], protocols[id])})"
        titles[title if title not in titles else f"{name} (id {id})"] = found[id]
    return titles, notes


def _left_out(name: str, variant: str, own: Mapping[int, Score], id: str) -> Iterator[str]:
    other = [seed for seed, score in own.items() if score.id != id]
    if other:
        yield (
            f"{name} of {variant}: {_seeds(other)} measured by another protocol than the others "
            f"(id {own[other[0]].id}, not {id}), and left out."
        )
    odd = [s for s, score in own.items() if score.id == id and not math.isfinite(score.value)]
    if odd:
        yield f"{name} of {variant}: {_seeds(odd)} no finite number, and left out."


def _seeds(seeds: list[int]) -> str:
    """A subject with its verb."""
    listed = ", ".join(map(str, sorted(seeds)))
    return f"seed {listed} is" if len(seeds) == 1 else f"seeds {listed} are"


def _scores(runs: Runs) -> Iterator[Score]:
    return (score for own in runs.values() for score in own.values())


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What another protocol has in place of one's, in a few words."""
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    told = [f"{key} {other[key]}" if other.get(key) else f"no {key}" for key in keys]
    return ", ".join(
        word if len(word) <= SHORT else key for word, key in zip(told, keys, strict=True)
    )
