"""What an ablation would do, before anything of it is done: its variants, their size, the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gan_zoo.ablation.ablate import fitting_jobs, pick_executor
from gan_zoo.ablation.figures import prepare
from gan_zoo.ablation.file import AblationFile, read_ablation
from gan_zoo.ablation.folder import HOME, AblationFolder, is_folder
from gan_zoo.ablation.pace import measure_pace
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.planning import make_plan, unchanged
from gan_zoo.ablation.variants import make_variants
from gan_zoo.components.paths import expand_user
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
    measured in a process of its own, and the others are as much longer as they compute more.

    Args:
        file: As of `ablate`, and the others likewise.

    Raises:
        RecipeError, UserError: as `ablate`.
    """
    reporter = reporter or Reporter()
    if is_folder(file):
        folder = AblationFolder.open(expand_user(file))
        return _listing(folder.plan(), folder, {}, jobs)
    asked = read_ablation(file, set=set)
    folder = AblationFolder(expand_user(out) if out is not None else HOME / asked.name)
    if unchanged(asked, folder):
        plan = folder.plan()
    else:
        plan = make_plan(asked, folder=folder, jobs=jobs, reporter=reporter, write=False)
    known = {name: one.seconds_a_step for name, one in plan.variants.items()}
    if not any(known.values()) and not any(map(folder.is_done, plan.runs)):
        reporter.say(f"Measuring some steps of {plan.reference}")
        known = {plan.reference: _measure(asked, plan)}
    return _listing(plan, folder, {name: pace for name, pace in known.items() if pace}, jobs)


def _measure(asked: AblationFile, plan: Plan) -> float:
    """Seconds a step of the reference."""
    [one] = [one for one in make_variants(asked).variants if one.name == plan.reference]
    prepared = prepare(one, plan.device)
    return measure_pace(prepared.wired, prepared.steps, plan.threads)


def _listing(
    plan: Plan, folder: AblationFolder, paces: Mapping[str, float], jobs: int | None
) -> Listing:
    """With the paces of what is done, where it is known, over those that are given."""
    done = tuple(key for key in plan.runs if folder.is_done(key))
    known = dict(paces)
    for key in done:
        result = folder.result(key)
        if result is not None and result.costs.seconds_a_step:
            known[plan.runs[key].variant] = result.costs.seconds_a_step
    executor = pick_executor(plan)
    jobs = jobs or executor.jobs or fitting_jobs(plan, executor)
    places = len(executor.build(device=plan.device, jobs=jobs).places)
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
