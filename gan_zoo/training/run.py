"""Training: a recipe from its first step, a run from where it was cut."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Literal

from gan_zoo.checks.readiness import refuse_unready
from gan_zoo.components.at_hand import read_once
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.report.writing import leave_report
from gan_zoo.reporter import Reporter
from gan_zoo.runs.data_identity import identify_data
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.names import refuse_existing, take_folder
from gan_zoo.training.announcements import announce_data
from gan_zoo.training.comparison import compare_data, tell_changes
from gan_zoo.training.guards import Interrupted, NonFinite
from gan_zoo.training.loop import Run
from gan_zoo.training.profiling import StepProfile

__all__ = ["Interrupted", "NonFinite", "resume", "train"]


def train(
    recipe: Recipe | WiredRecipe,
    out: str | Path | None = None,
    *,
    name: str = "run",
    source: Source | None = None,
    steps: int | None = None,
    reporter: Reporter | None = None,
    report: bool = True,
    profile: bool = False,
) -> RunFolder:
    """Train a recipe from its first step.

    Args:
        recipe: What to train; refused where it is not ready. One that was wired by its contracts
            is not judged by them again.
        out: The run's folder; runs/NAME-N if absent.
        name: The recipe's name.
        source: Where the recipe's values came from, for origins.txt.
        steps: Stop after so many steps in all.
        reporter: Where progress is told.
        report: Whether the run's page, report.html, is written at its end.
        profile: Whether profile/table.md and a trace tell where the time of some steps goes; the
            numbers of the run stay as they are.

    Raises:
        UserError: the folder exists or cannot be written, the recipe breaks a contract, or the
            data is not what it says.
        NonFinite: a loss is not a number any more.
        Interrupted: the user stopped it; it is saved.
        OSError: the disk is full or gone; every earlier checkpoint is intact.
    """
    with read_once():
        with nullcontext(Path(out)) if out else take_folder(Path("runs"), name) as path:
            refuse_existing(path)
            wired = refuse_unready(recipe, source).with_absolute_paths()
            precision = Precision.of(**wired.recipe.engine.computing)
            # Data and networks come first: a run that cannot start leaves no folder behind.
            run = Run(wired, RunFolder(path), precision, reporter or Reporter(), last_step=steps)
            run.enter(run.position.phase)
            computing, data = precision.described(), identify_data(wired)
            RunFolder.create(path, wired.recipe, source, steps, computing, data)
        for note in (*(source.notes if source else ()), *announce_data(wired)):
            run.reporter.say(note)
        if profile:
            run.profile = StepProfile(run)
        with run.dir.claimed():
            run.go()
        if run.profile is not None:
            run.profile.tell_if_nothing()
    if report:
        leave_report(run.folder, run.reporter.say)
    return run.dir


def resume(
    path: str | Path,
    *,
    steps: int | Literal["all"] | None = None,
    data: str | Path | None = None,
    changed_data: bool = False,
    reporter: Reporter | None = None,
    report: bool = True,
) -> RunFolder:
    """Go on with a run from its last checkpoint, to the same numbers.

    Args:
        path: The run's folder.
        steps: Change after how many steps in all it ends; "all" for the end of its phases.
        data: Where its data lies now, if it has moved.
        changed_data: Go on though the samples to learn from are others: the numbers will be too.
        reporter: Where progress is told.
        report: Whether the run's page, report.html, is written at its end.

    Raises:
        UserError: it is no run, its data has gone or changed, another process trains it, or it is
            past the steps.
        NonFinite, Interrupted, OSError: as `train`.
    """
    folder = RunFolder.open(path)
    recipe, settings = folder.recipe(), folder.settings()
    if data is not None:
        recipe = recipe.with_data_in(Path(data))
        if missing := recipe.data.missing():
            raise UserError(f"--data {data}: {missing[0]}")
    wired = WiredRecipe(recipe)
    kept = settings["environment"].get("computing", {})
    precision = Precision.of(**recipe.engine.computing, kept=kept)
    with read_once():
        run = Run(wired, folder, precision, reporter or Reporter(), last_step=settings["steps"])
        with folder.claimed():
            run.reporter.say(f"Resuming {folder.path}")
            tell_changes(folder, wired, precision, run.reporter)
            run.restore()
            phases = [run.position.phase, *run.course.later]
            compare_data(folder, wired, phases, run.reporter, accept=changed_data)
            for note in announce_data(wired):
                run.reporter.say(note)
            run.end_short_phase()
            if data is not None:
                folder.rewrite(recipe)
            if steps is not None:
                run.end_at(None if steps == "all" else steps)
            run.go()
    if report:
        leave_report(run.folder, run.reporter.say)
    return folder
