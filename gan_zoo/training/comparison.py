"""What has changed around a run since it was started: said, or refused."""

from __future__ import annotations

from collections.abc import Sequence

from gan_zoo.engine.precision import Precision
from gan_zoo.errors import UserError
from gan_zoo.recipe.model import LEARNED
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.data_identity import describe_difference, identify_data
from gan_zoo.runs.environment import (
    describe_changes,
    describe_environment,
    list_plugins,
    versions_of,
)
from gan_zoo.runs.folder import RunFolder


def tell_changes(
    folder: RunFolder, wired: WiredRecipe, precision: Precision, reporter: Reporter
) -> None:
    """Say where the machine, the packages, the plugins or the recipe are not those of the start."""
    before = folder.settings()
    now = {
        **describe_environment(precision.described()),
        "plugins": versions_of(list_plugins(wired.recipe)),
    }
    then = {**before["environment"], "plugins": before["plugins"]}
    if changed := describe_changes(then, now):
        told = "; ".join(changed)
        reporter.say(f"Since the start changed: {told}. The last digits may differ for it")
    if before.get("recipe", digest := folder.recipe_digest()) != digest:
        reporter.say("recipe.yaml was changed by hand since the start: it is taken as it is now")


def compare_data(
    folder: RunFolder,
    wired: WiredRecipe,
    phases: Sequence[str],
    reporter: Reporter,
    *,
    accept: bool = False,
) -> None:
    """Refuse other samples to learn from; say where samples that are only looked at are others.

    Args:
        folder: The run, which keeps what it is trained on.
        wired: Its recipe, whose data may have moved.
        phases: Those that are still to be played.
        reporter: Told of what is accepted.
        accept: Go on with what is there now.

    Raises:
        UserError: the samples to learn from are others.
    """
    before, now = folder.data(), identify_data(wired)
    if before is None:  # an earlier version kept none
        folder.keep_data(now)
        return
    for split in wired.recipe.splits():
        differences = {
            told: phase
            for phase in reversed(phases)
            if (told := describe_difference(before, now, phase, split))
        }
        for told, phase in reversed(differences.items()):
            if split != LEARNED:
                reporter.say(
                    f"The split '{split}', which is only looked at, has changed: {told}. Its "
                    "scores and previews are not to be compared with those before"
                )
            elif accept:
                reporter.say(f"Phase {phase} goes on with other samples: {told}")
            else:
                raise UserError(
                    f"the samples that phase {phase} learns from have changed: {told}. Put them "
                    "back, name where they lie with --data DIR, or go on with those of now, to "
                    "other numbers, with --changed-data"
                )
    if before != now:
        folder.keep_data(now)


def note_unread(folder: RunFolder, phase: str, sample: int) -> None:
    """Keep that a sample to learn from could not be read: it may be mended before a resume."""
    if (data := folder.data()) is not None:
        split = data["splits"][data["phases"][phase][LEARNED]]
        split["unread"] = sorted({*split.get("unread", ()), sample})
        folder.keep_data(data)
