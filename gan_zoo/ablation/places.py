"""Which runs a plan has and where they lie: what an earlier one has of equal key is kept, what is
not asked for any more gives way. No torch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gan_zoo.ablation.attempts import REAPER, bury
from gan_zoo.ablation.claims import alone, take
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
        moves: Key of an orphan that gives way -> where it was, within the folder.
    """

    runs: dict[str, PlannedRun] = field(default_factory=dict)
    orphans: dict[str, PlannedRun] = field(default_factory=dict)
    moves: dict[str, str] = field(default_factory=dict)


def place_runs(
    asked: Asked, before: Plan | None, folder: AblationFolder | None, ours: Collection[str] = ()
) -> Places:
    """Find a place for every run.

    Args:
        asked: The runs of the plan.
        before: The plan that it takes the place of.
        folder: Where it is.
        ours: Keys of runs that this process holds; what others hold stays in its place.
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
            if folder is not None and orphan not in ours and folder.claim(orphan).exists():
                taken.add(place)  # somebody is at it
            else:
                found.moves[orphan] = place
                found.orphans[orphan] = replace(run, run=_aside(run, orphan))
        if place in taken:
            place = f"{place}-{key}"
        found.runs[key] = PlannedRun(variant, seed, place)
    return found


@contextmanager
def given_way(asked: Asked, before: Plan | None, folder: AblationFolder) -> Iterator[Places]:
    """Find a place for every run, and let those give way whose place is needed. In here nobody can
    begin one of them: the plan that says where they are now is to be written.

    Args:
        asked: The runs of the plan.
        before: The plan that it takes the place of.
        folder: Where it is.
    """
    with ExitStack() as held:
        ours = set()
        for key in place_runs(asked, before, folder).moves:
            if (claim := take(folder.claim(key), place=REAPER)) is not None:
                held.enter_context(claim.held())
                bury(folder, key, claim.before)
                ours.add(key)
        places = place_runs(asked, before, folder, ours)
        for key, place in places.moves.items():
            here, there = folder.path / place, folder.path / places.orphans[key].run
            if here.exists() and not there.exists():
                here.rename(there)
        yield places


def reuse_runs(folder: AblationFolder, other: Path) -> list[str]:
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
    theirs, taken = AblationFolder.open(other), {}
    with alone(folder.claim("plan")):
        plan = folder.plan()
        for key in _reusable(folder, theirs):
            run, result = plan.runs[key], theirs.result(key)
            assert result is not None
            if (tries := theirs.attempts(key)).is_file():
                folder.write_attempts(key, tries.read_text(encoding="utf-8"))
            folder.write_result(result)
            taken[key] = replace(run, run=str(theirs.run(key).resolve()))
        if taken:
            folder.write_plan(replace(plan, runs={**plan.runs, **taken}))
    return [*taken]


def _reusable(folder: AblationFolder, theirs: AblationFolder) -> Iterator[str]:
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
