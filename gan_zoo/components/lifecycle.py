"""The lifecycle of a run. Callbacks are components that a recipe lists; each run makes its own
plugin manager and registers only those.

    class Bell:
        @hookimpl
        def on_run_end(self, run):
            print("done")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gan_zoo.components.hooks import hookspec

if TYPE_CHECKING:
    from gan_zoo.components.interfaces import Run


class Lifecycle:
    """What a callback may hear of; it takes the arguments that it wants."""

    @hookspec
    def on_run_start(self, run: Run) -> None:
        """The networks are built; after a resume too."""

    @hookspec
    def on_phase_start(self, run: Run) -> None:
        """The phase is ready; after a resume in the middle of a phase too."""

    @hookspec
    def on_step_end(self, run: Run, terms: dict[str, float], epoch_ended: bool) -> None:
        """A step was taken; `terms` are its losses by display label. Who takes them waits for the
        device at every step: `on_losses` tells them when they are there.
        """

    @hookspec
    def on_losses(self, run: Run, step: int, terms: dict[str, float]) -> None:
        """The losses of a step by display label, when they were read: `run` may be a few steps
        further. Every step is told, in order, before a checkpoint holds it.
        """

    @hookspec
    def on_look(self, run: Run) -> None:
        """The time to look at pictures: at the end of every epoch and phase, and after a step of
        which a callback's `wants_look(run)` says so. Again after a resume from there. Ctrl-C breaks
        it off.
        """

    @hookspec
    def on_epoch_end(self, run: Run) -> None:
        """A pass over the data is over: the time to look at pictures, after `run.save()`. Again
        after a resume from there. Ctrl-C breaks it off.
        """

    @hookspec
    def on_scores(self, run: Run, scores: Mapping[str, float], path: Path) -> None:
        """Pictures were scored: METRIC or METRIC.FIELD -> score; `path` has them with protocols."""

    @hookspec
    def on_preview(self, run: Run, path: Path) -> None:
        """A picture of fixed samples was written."""

    @hookspec
    def on_checkpoint(self, run: Run, path: Path) -> None:
        """A checkpoint is whole on disk; steps may have been taken since it was."""

    @hookspec
    def on_phase_end(self, run: Run) -> None:
        """The last step of a phase was taken, and is in a checkpoint. Again after a resume from
        there, as the run may have been cut in here.
        """

    @hookspec
    def on_run_end(self, run: Run) -> None:
        """The last phase is over, or the asked number of steps is reached."""
