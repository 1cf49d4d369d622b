"""What an ablation would do, before anything of it is done: its variants, their size, the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gan_zoo.ablation.ablate import find_folder, fitting_jobs, pick_executor
from gan_zoo.ablation.figures import prepare
from gan_zoo.ablation.file import AblationFile
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.pace import measure_pace
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.planning import make_plan, unchanged
from gan_zoo.ablation.variants import make_variants
from gan_zoo.errors import UserError
from gan_zoo.reporter import Reporter


@dataclass(frozen=True)
class Listing:
    """What an ablation would do.

    Args:
        plan: Its runs by key.
        done: Keys of those that are done.
        seconds: Variant -> estimated seconds of a run's steps; empty where nobody knows.
        jobs: How many runs at once.
    """

    plan: Plan
    done: tuple[str, ...]
    seconds: Mapping[str, float]
    jobs: int

    @property
    def hours(self) -> float | None:
        """Estimated, for what is not done yet; None where nobody knows."""
        if not self.seconds:
            return None
        left = [run.variant for key, run in self.plan.runs.items() if key not in self.done]
        return sum(self.seconds[name] for name in left) / self.jobs / 3600

    def as_data(self) -> dict[str, Any]:
        """As JSON knows it."""
        plan = self.plan
        variants = [
            {
                "variant": name,
                **asdict(one),
                "hours": self.seconds[name] / 3600 if self.seconds else None,
                "left": sum(
                    run.variant == name and key not in self.done for key, run in plan.runs.items()
                ),
            }
            for name, one in plan.variants.items()
        ]
        return {
            "format": 1,
            **{name: getattr(plan, name) for name in ("name", "about", "reference", "device")},
            "seeds": [*plan.seeds],
            "threads": plan.threads,
            "jobs": self.jobs,
            "runs": len(plan.runs),
            "done": len(self.done),
            "hours": self.hours,
            "variants": variants,
            "left_out": dict(plan.left_out),
        }


def list_variants(
    file: str | Path,
    out: str | Path | None = None,
    *,
    set: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    reporter: Reporter | None = None,
) -> Listing:
    """Plan an ablation without writing anything: every variant is checked and rehearsed.

    The time is that of the steps alone. Where nothing is done yet, some steps of the reference are
    measured in a process of its own, if runs are made on this machine, and the others are as much
    longer as they compute more.

    Args:
        file: As of `ablate`, and the others likewise.

    Raises:
        RecipeError, UserError: as `ablate`.
    """
    reporter = reporter or Reporter()
    folder, asked = find_folder(file, out, set=set)
    if asked is None or unchanged(asked, folder):
        plan = folder.plan()
    else:
        plan = make_plan(asked, folder=folder, jobs=jobs, reporter=reporter, write=False)
    paces = {n: one.seconds_a_step for n, one in plan.variants.items() if one.seconds_a_step}
    places, here = _places(plan, jobs)
    if asked is not None and here and not paces and not any(map(folder.is_done, plan.runs)):
        reporter.say(f"Measuring some steps of {plan.reference}")
        try:
            paces = {plan.reference: _measure(asked, plan)}
        except UserError as problem:
            reporter.say(str(problem))
    return _listing(plan, folder, paces, places)


def _measure(asked: AblationFile, plan: Plan) -> float:
    """Seconds a step of the reference."""
    [one] = [one for one in make_variants(asked).variants if one.name == plan.reference]
    prepared = prepare(one, plan.device, plan.precision)
    return measure_pace(prepared.wired, prepared.steps, plan.threads)


def _places(plan: Plan, jobs: int | None) -> tuple[int, bool]:
    """How many runs at once, and whether they are made here. Where the executor cannot work here,
    as on a machine that only looks on, what is said counts.
    """
    try:
        executor = pick_executor(plan)
        jobs = jobs or executor.jobs or fitting_jobs(plan, executor)
        return len(executor.build(device=plan.device, jobs=jobs).places), executor.here
    except UserError:
        return jobs or plan.executor.get("jobs") or 1, False


def _listing(
    plan: Plan, folder: AblationFolder, paces: Mapping[str, float], places: int
) -> Listing:
    """With the paces of what is done, where it is known, over those that are given."""
    done = tuple(key for key in plan.runs if folder.is_done(key))
    known = dict(paces)
    for key in done:
        result = folder.result(key)
        if result is not None and result.costs.seconds_a_step:
            known[plan.runs[key].variant] = result.costs.seconds_a_step
    return Listing(plan, done, _seconds(plan, known), min(places, len(plan.runs)))


def _seconds(plan: Plan, known: Mapping[str, float]) -> dict[str, float]:
    """Variant -> seconds of a run: as measured, else by its computation beside one that is."""
    if not known:
        return {}
    name = plan.reference if plan.reference in known else next(iter(known))
    flop, pace = max(1, plan.variants[name].flop), known[name]
    return {
        other: one.steps * known.get(other, pace * one.flop / flop)
        for other, one in plan.variants.items()
    }
