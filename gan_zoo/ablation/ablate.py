"""An ablation from its file to its table: what `gan-zoo ablate` and `gan_zoo.ablate` do. No torch
until something is planned anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gan_zoo.ablation.claims import alone
from gan_zoo.ablation.file import AblationFile, read_ablation
from gan_zoo.ablation.folder import HOME, AblationFolder, is_folder
from gan_zoo.ablation.judges import prepare_judges, refuse_unfit
from gan_zoo.ablation.page import leave_page
from gan_zoo.ablation.places import reuse_runs
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.planning import make_plan, unchanged
from gan_zoo.ablation.room import count_jobs
from gan_zoo.ablation.runner import Outcome, run_all
from gan_zoo.ablation.table import Table
from gan_zoo.ablation.table_making import read_table
from gan_zoo.ablation.tables.records import records
from gan_zoo.ablation.tables.writing import write_tables
from gan_zoo.components.paths import expand_user
from gan_zoo.components.watching import ExecutorSpec
from gan_zoo.errors import UserError
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import Reporter


@dataclass(frozen=True)
class Ablation:
    """What an ablation came to.

    Args:
        folder: Where it lies, an ordinary run for each variant and seed among it.
        table: What came out.
        outcome: Which runs are done, failed or left.
    """

    folder: AblationFolder
    table: Table
    outcome: Outcome

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.folder.path

    def records(self) -> list[dict[str, Any]]:
        """A flat mapping for each variant, as table.csv has it; a data frame takes them."""
        return records(self.table)


def ablate(
    file: str | Path,
    out: str | Path | None = None,
    *,
    set: Mapping[str, Any] | None = None,
    only: Collection[str] | None = None,
    jobs: int | None = None,
    join: bool = False,
    executor: str | None = None,
    retry: str | None = None,
    reuse: str | Path | None = None,
    hours: float | None = None,
    stop_on_failure: bool = False,
    reporter: Reporter | None = None,
) -> Ablation:
    """Make every run of an ablation that is not done yet, and its table.

    Args:
        file: Of the ablation, a shipped one's name, or the folder of one that was planned, which
            goes on as it was planned.
        out: The folder; ablations/NAME if absent. One that is there goes on.
        set: Changes for every variant by dotted path, over the file's own `set`.
        only: Variants to make now; all if absent. The others stay planned.
        jobs: How many at once; as many as the executor finds right if absent.
        join: Help with a planned one: take only runs that nobody holds, until none is left.
        executor: The name of another than the file's.
        retry: Try once more what failed: for this cause, or "all".
        reuse: The folder of another ablation, whose finished runs of equal key are taken.
        hours: After so many nothing starts any more; nothing is killed.
        stop_on_failure: After a failure nothing starts any more.
        reporter: Where it is told.

    Raises:
        RecipeError: every mistake of the file and of its variants.
        UserError: what is needed and not there, a damaged folder, no such variant or cause.
        OSError: the folder cannot be written.
    """
    reporter = reporter or Reporter()
    folder = prepare_folder(file, out, set=set, jobs=jobs, join=join, reporter=reporter)
    if reuse is not None:
        taken = reuse_runs(folder, expand_user(reuse))
        reporter.say(f"{len(taken)} finished runs of {reuse} are taken over")
    plan = folder.plan()
    spec = pick_executor(plan, executor)
    asked = [key for key, run in plan.runs.items() if only is None or run.variant in only]
    if not (retry is None and asked and all(map(folder.is_done, asked))):

        def prepare(keys: Collection[str]) -> None:
            refuse_unfit(folder, keys)
            prepare_judges(folder, keys, reporter)

        outcome = run_all(
            folder,
            executor=spec,
            jobs=jobs or spec.jobs or fitting_jobs(plan, spec),
            join=join,
            only=only,
            retry=retry,
            hours=hours,
            stop_on_failure=stop_on_failure,
            reporter=reporter,
            prepare=prepare,
            on_done=lambda key: _tabulate(folder),
        )
    else:
        outcome = Outcome(tuple(asked), (), ())
    table = _tabulate(folder, reporter)
    return Ablation(folder, table, outcome)


def _tabulate(folder: AblationFolder, reporter: Reporter | None = None) -> Table:
    """Write the table, and for a reporter the page; others that joined may be about to, too."""
    with alone(folder.claim("table")):
        table = read_table(folder)
        write_tables(folder.path, table)
        if reporter is not None:
            leave_page(folder, reporter.say)
    return table


def prepare_folder(
    file: str | Path,
    out: str | Path | None = None,
    *,
    set: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    join: bool = False,
    reporter: Reporter | None = None,
) -> AblationFolder:
    """The folder of an ablation, planned; a file that has changed since is planned anew.

    Args:
        file: As of `ablate`, and the others likewise.

    Raises:
        RecipeError, UserError, OSError: as `ablate`.
    """
    reporter = reporter or Reporter()
    folder, asked = find_folder(file, out, set=set)
    if asked is None:
        return folder
    if join:
        return AblationFolder.open(folder.path)
    if not unchanged(asked, folder):
        with _planning(folder):
            if not unchanged(asked, folder):  # another process may have planned it meanwhile
                before = folder.plan() if folder.is_planned() else None
                plan = make_plan(asked, folder=folder, jobs=jobs, reporter=reporter)
                for line in describe_change(plan, before):
                    reporter.say(line)
    return folder


def find_folder(
    file: str | Path, out: str | Path | None = None, *, set: Mapping[str, Any] | None = None
) -> tuple[AblationFolder, AblationFile | None]:
    """Where an ablation lies or will, and its file; None where it is named by its folder, which is
    planned and goes on as it was.

    Args:
        file: As of `ablate`, and the others likewise.

    Raises:
        RecipeError: every mistake of the file.
        UserError: a folder is asked for with changes, or another file's is at the usual place.
    """
    if is_folder(file):
        for what, given in (("--set", set), ("--out", out)):
            if given:
                raise UserError(
                    f"{what}: {file} is planned, and goes on as it was; ask for its file to plan "
                    "it anew"
                )
        return AblationFolder.open(expand_user(file)), None
    asked = read_ablation(file, set=set)
    if out is not None:
        return AblationFolder(expand_user(out)), asked
    folder = AblationFolder(HOME / asked.name)
    if folder.is_planned():
        other = Path(folder.plan().stamps.get("file") or asked.path)
        there = other != asked.path.resolve() and other.is_file()
        if there and other.read_text(encoding="utf-8") != asked.text:
            raise UserError(
                f"{folder.path} is the folder of {other}, which has the same name; say where this "
                f"one goes: --out {folder.path}-2"
            )
    return folder, asked


@contextmanager
def _planning(folder: AblationFolder) -> Iterator[None]:
    """In here one process at a time plans; what comes to no plan leaves no folder."""
    claim = folder.claim("plan")
    new = [path for path in claim.parents if not path.exists()]
    try:
        with alone(claim):
            yield
    finally:
        for path in new if not folder.is_planned() else ():
            with suppress(OSError):  # somebody else is at it
                path.rmdir()


def describe_change(plan: Plan, before: Plan | None) -> list[str]:
    """What a plan asks for beside the one that was."""
    told = []
    if before is not None:
        kept = sum(key in before.runs or key in before.orphans for key in plan.runs)
        told.append(f"Planned anew: {kept} of {len(plan.runs)} runs are as they were")
        gone = [run.run for key, run in plan.orphans.items() if key not in before.orphans]
        if gone:
            told.append(f"Not asked for any more, and left where they are: {', '.join(gone)}")
    told += [f"{name} is left out: {why}" for name, why in plan.left_out.items()]
    return told


def pick_executor(plan: Plan, name: str | None = None) -> ExecutorSpec:
    """The plan's executor, or another by name.

    Raises:
        UserError: there is none of that name, or it needs options.
    """
    zoo, told = Zoo.installed(), dict(plan.executor)
    if name is not None and name != told["use"]:
        told = {"use": name}
    spec = zoo.get("executor", told.pop("use"))
    try:
        made = spec.model_validate(told, context={"zoo": zoo})
    except ValidationError as problem:
        wanted = ", ".join(str(detail["loc"][0]) for detail in problem.errors() if detail["loc"])
        raise UserError(
            f"--executor {name}: it needs {wanted}; say that in the file: executor: "
            f"{{use: {name}, ...}}"
        ) from None
    assert isinstance(made, ExecutorSpec)
    return made


def fitting_jobs(plan: Plan, executor: ExecutorSpec) -> int | None:
    """How many runs at once this machine has room for; None where others know that."""
    if plan.device != "cpu" or not executor.here:
        return None
    peak = max(one.peak_bytes for one in plan.variants.values())
    return count_jobs(len(plan.runs), peak, threads=plan.threads or 1)
