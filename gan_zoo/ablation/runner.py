"""All runs of an ablation, and what came of them. No torch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from gan_zoo.ablation.attempts import failure, read_attempts, retry_failed
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.queue import Queue
from gan_zoo.components.watching import ExecutorSpec
from gan_zoo.errors import UserError, near_misses
from gan_zoo.reporter import Reporter


@dataclass(frozen=True)
class Outcome:
    """What came of the runs that were asked for, by their keys.

    Args:
        done: Trained and scored.
        failed: Given up, until the user asks once more.
        left: Neither: they were not started, or were stopped.
        elsewhere: At which somebody else is, where this was not waited for.
    """

    done: tuple[str, ...]
    failed: tuple[str, ...]
    left: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 where all are done but what others are at, else 1."""
        return 1 if self.failed or self.left else 0


def run_all(
    folder: AblationFolder,
    *,
    executor: ExecutorSpec,
    jobs: int | None = None,
    join: bool = False,
    only: Collection[str] | None = None,
    retry: str | None = None,
    hours: float | None = None,
    stop_on_failure: bool = False,
    reporter: Reporter | None = None,
    prepare: Callable[[Sequence[str]], object] | None = None,
    on_done: Callable[[str], object] | None = None,
) -> Outcome:
    """Make all runs that are not done, as many at a time as the executor has places.

    Args:
        folder: The ablation's, planned.
        executor: Where runs are made.
        jobs: How many at once, at most.
        join: Take only what nobody is at, and end when nothing such is left; else the end of what
            others are at is waited for.
        only: Variants; all if None.
        retry: Try once more what failed for this cause, or "all".
        hours: After so many no run starts; those that have started end.
        stop_on_failure: After a failure no run starts.
        reporter: Where it is told.
        prepare: Called before the first starts, with the keys of those that may be made.
        on_done: Called with the key of each run that is done from now on, whoever made it.

    Returns:
        What came of them; after Ctrl-C or SIGTERM too, once the children have saved, or at once
        after the third.

    Raises:
        UserError: no such variant or cause, the executor lacks something or takes nothing, or a
            file of the folder is damaged; says the cure.
    """
    plan, reporter = folder.plan(), reporter or Reporter()
    if missing := executor.missing():
        raise UserError(f"executor: {missing[0]}")
    if unknown := sorted(set(only or ()) - set(plan.variants)):
        near = near_misses(unknown[0], plan.variants)
        known = ", ".join(plan.variants)
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has {known}"
        raise UserError(f"--only {unknown[0]}: {plan.name} has no such variant; {hint}")
    keys = [key for key, run in plan.runs.items() if only is None or run.variant in only]
    built = executor.build(device=plan.device, jobs=jobs)
    if retry is not None and not retry_failed(folder, keys, retry):
        reporter.say(f"Nothing failed{'' if retry == 'all' else f' for {retry}'}")
    open_ = [key for key in keys if not folder.is_done(key)]
    waiting = [key for key in open_ if failure(read_attempts(folder.attempts(key))) is None]
    if prepare is not None and waiting:
        prepare(waiting)
    queue = Queue(
        folder,
        keys,
        built,
        executor.name,
        join=join,
        hours=hours,
        stop_on_failure=stop_on_failure,
        reporter=reporter,
        on_done=on_done,
    )
    queue.work()
    parts: dict[str, list[str]] = {"done": [], "failed": [], "elsewhere": [], "left": []}
    for key in (key for key in keys if key in folder.plan().runs):  # planned anew, maybe
        where = (name for name in ("done", "failed", "elsewhere") if key in getattr(queue, name))
        parts[next(where, "left")].append(key)
    return Outcome(**{name: tuple(part) for name, part in parts.items()})
