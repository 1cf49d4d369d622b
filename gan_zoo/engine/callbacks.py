"""The lifecycle of a run. Callbacks are components that a recipe lists; each run makes its own
plugin manager and registers only those.

    class Bell:
        @hookimpl
        def on_run_end(self, run):
            print("done")
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from gan_zoo.errors import UserError
from gan_zoo.hooks import GROUP, hookspec

if TYPE_CHECKING:
    from gan_zoo.engine.run import Run
    from gan_zoo.recipe.model import Recipe


class Lifecycle:
    """What a callback may hear of; it takes the arguments that it wants."""

    @hookspec
    def on_run_start(self, run: Run) -> None:
        """The networks are built; after a resume too."""

    @hookspec
    def on_phase_start(self, run: Run) -> None:
        """`run.stage` is ready; after a resume in the middle of a phase too."""

    @hookspec
    def on_step_end(self, run: Run, terms: dict[str, float], epoch_ended: bool) -> None:
        """A step was taken; `terms` are its losses by display label."""

    @hookspec
    def on_preview(self, run: Run, path: Path) -> None:
        """A picture of fixed samples was written."""

    @hookspec
    def on_checkpoint(self, run: Run, path: Path) -> None:
        """A checkpoint is whole on disk."""

    @hookspec
    def on_phase_end(self, run: Run) -> None:
        """The last step of a phase was taken, and is in a checkpoint. Again after a resume from
        there, as the run may have been cut in here.
        """

    @hookspec
    def on_run_end(self, run: Run) -> None:
        """The last phase is over, or the asked number of steps is reached."""


def callbacks(recipe: Recipe) -> pluggy.PluginManager:
    """A manager with the callbacks of a recipe, called in its order. One that raises stops the
    run, and is named.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Lifecycle)
    for name, spec in reversed(recipe.callbacks.items()):  # pluggy calls the last one first
        callback = spec.build()
        manager.register(callback, name)
        for caller in manager.get_hookcallers(callback) or ():
            for heard in caller.get_hookimpls():
                if heard.plugin is callback:
                    named = _named(heard.function, f"callbacks.{name}", caller.name)
                    object.__setattr__(heard, "function", named)
    manager.check_pending()
    return manager


def _named(heard: Callable[..., Any], name: str, event: str) -> Callable[..., Any]:
    @functools.wraps(heard)
    def call(*arguments: Any) -> Any:
        try:
            return heard(*arguments)
        except UserError as problem:
            raise UserError(f"{name}: {problem}") from problem
        except Exception as problem:
            problem.add_note(f"raised by {name} in {event}")
            raise

    return call
