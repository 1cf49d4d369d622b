"""Which runs a plan has and where they lie: what an earlier one has of equal key is kept, what is
not asked for any more gives way. No torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan, PlannedRun
from gan_zoo.errors import UserError

Asked = Mapping[str, tuple[str, int]]  # key -> variant and seed, in the order of the plan


@dataclass
class Places:
    """Where runs lie.

    Args:
        runs: Key -> run, of those that are asked for.
        orphans: Key -> run, of those that were.
        moves: Run -> where it goes, within the folder.
    """

    runs: dict[str, PlannedRun] = field(default_factory=dict)
    orphans: dict[str, PlannedRun] = field(default_factory=dict)
    moves: dict[str, str] = field(default_factory=dict)


def place_runs(asked: Asked, before: Plan | None, folder: AblationFolder | None) -> Places:
    """Find a place for every run.

    Args:
        asked: The runs of the plan.
        before: The plan that it takes the place of.
        folder: Where it is.
    """
    known = {**before.orphans, **before.runs} if before else {}
    if folder is not None:
        known = {key: _found(folder, key, run) for key, run in known.items()}
    found = Places(orphans={key: run for key, run in known.items() if key not in asked})
    taken = {known[key].run for key in asked if key in known}
    for key, (variant, seed) in asked.items():
        if key in known:
            found.runs[key] = replace(known[key], variant=variant, seed=seed)
            continue
        place = f"runs/{variant}/seed-{seed}"
        for orphan, run in found.orphans.items():
            if run.run != place:
                continue
            if folder is not None and folder.claim(orphan).exists():
                taken.add(place)  # somebody is at it
            else:
                found.moves[place] = _aside(run, orphan)
                found.orphans[orphan] = replace(run, run=found.moves[place])
        if place in taken:
            place = f"{place}-{key}"
        found.runs[key] = PlannedRun(variant, seed, place)
    return found


def move_runs(folder: AblationFolder, moves: Mapping[str, str]) -> None:
    """Let runs give way; those that are not there, or have done so already, need not."""
    for place, aside in moves.items():
        here, there = folder.path / place, folder.path / aside
        if here.exists() and not there.exists():
            here.rename(there)


def name_results(folder: AblationFolder, before: Plan, plan: Plan) -> None:
    """Scores of variants that are called otherwise now take the new name."""
    known = {**before.orphans, **before.runs}
    for key, run in plan.runs.items():
        if key in known and known[key].variant != run.variant and (done := folder.result(key)):
            folder.write_result(replace(done, variant=run.variant))


def adopt(folder: AblationFolder, other: Path) -> list[str]:
    """Take the finished runs of another ablation that have keys of this one: their scores and
    attempts are copied, their runs stay where they are.

    Args:
        folder: Is planned.
        other: The other ablation's.

    Returns:
        The keys that were taken.

    Raises:
        UserError: one of them is no ablation.
    """
    plan, theirs = folder.plan(), AblationFolder.open(other)
    adopted = {}
    for key in _adoptable(folder, theirs):
        run, result = plan.runs[key], theirs.result(key)
        assert result is not None
        if (tries := theirs.attempts(key)).is_file():
            folder.write_attempts(key, tries.read_text(encoding="utf-8"))
        folder.write_result(replace(result, variant=run.variant, seed=run.seed))
        adopted[key] = replace(run, run=str(theirs.run(key).resolve()))
    if adopted:
        folder.write_plan(replace(plan, runs={**plan.runs, **adopted}))
    return [*adopted]


def _adoptable(folder: AblationFolder, theirs: AblationFolder) -> Iterator[str]:
    if theirs.path.resolve() == folder.path.resolve():
        raise UserError(f"{theirs.path} is the ablation itself; name another one")
    plan = theirs.plan()
    known = {*plan.runs, *plan.orphans}
    for key in folder.plan().runs:
        free = not folder.is_done(key) and not folder.claim(key).exists()
        if free and key in known and theirs.is_done(key):
            yield key


def _aside(run: PlannedRun, key: str) -> str:
    return f"{run.run}-was-{key}"


def _found(folder: AblationFolder, key: str, run: PlannedRun) -> PlannedRun:
    """A run where it is: it may have given way just before a plan that never came to be."""
    aside = _aside(run, key)
    moved = not (folder.path / run.run).exists() and (folder.path / aside).exists()
    return replace(run, run=aside) if moved else run
