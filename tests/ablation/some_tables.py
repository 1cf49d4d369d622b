"""Plans and results of ablations that nobody ran, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_zoo.ablation.plan import Plan, PlannedRun, PlannedVariant
from gan_zoo.ablation.results import Costs, Result
from gan_zoo.evaluation.score_files import Score, Scores

ON: dict[str, Any] = {"split": "test", "pictures": 4, "size": [64, 64], "bits": 8, "data": "7c1e"}


def some_plan(
    variants: Sequence[str] = ("gan", "cgan", "l1_cgan"),
    *,
    seeds: Sequence[int] = (0, 1, 2),
    reference: str = "l1_cgan",
    **others: Any,
) -> Plan:
    """A plan; the key of a run is `VARIANT-SEED`."""
    made = {
        name: PlannedVariant(
            factors={},
            changes=(f"losses.{name}: null",) if name != reference else (),
            parameters=54_413_955 + place,
            flop=20_100_000_000 * (place + 1),
            peak_bytes=2**30,
            steps=4000,
        )
        for place, name in enumerate(variants)
    }
    runs = {
        f"{name}-{seed}": PlannedRun(name, seed, f"runs/{name}/seed-{seed}")
        for seed in seeds
        for name in variants
    }
    base = {"name": "losses", "about": "What each part of the loss does", "device": "cpu"}
    told: dict[str, Any] = {**base, "threads": 1, "variants": made, "runs": runs, **others}
    return Plan(reference=reference, seeds=tuple(seeds), **told)


def mean_score(values: Sequence[float], metric: str = "l1", **others: Any) -> Score:
    """A score that is the mean of what the pictures score."""
    told: dict[str, Any] = {"lower_is_better": True, "protocol": {"metric": metric, **ON}, **others}
    return Score(value=float(np.mean(values)), values=tuple(values), **told)


def set_score(value: float, metric: str = "fid", **others: Any) -> Score:
    """A score that single pictures lack."""
    told: dict[str, Any] = {"lower_is_better": True, "protocol": {"metric": metric, **ON}, **others}
    return Score(value=value, **told)


def some_result(variant: str, seed: int, measured: Mapping[str, Score]) -> Result:
    """A finished run whose key is `VARIANT-SEED`."""
    scores = Scores(
        phase="main",
        step=4000,
        weights="latest",
        split="test",
        styles="",
        model="latest of step 4000",
        data="four pairs",
        digest="7c1e",
        names=("a", "b", "c", "d"),
        size=(64, 64),
        measured=measured,
    )
    costs = Costs(seconds=400.0 + seed, seconds_a_step=0.1 + seed / 100, process_bytes=2**29 + seed)
    return Result(f"{variant}-{seed}", variant, seed, scores, costs)


def some_results(
    plan: Plan, scores: Mapping[str, Mapping[int, Mapping[str, Score]]]
) -> dict[str, Result]:
    """Key -> result of variant -> seed -> name -> score, in the order of the plan."""
    return {
        key: some_result(run.variant, run.seed, scores[run.variant][run.seed])
        for key, run in plan.runs.items()
        if run.seed in scores.get(run.variant, {})
    }
