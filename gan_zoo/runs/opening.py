"""Whatever holds a trained model -> a run's folder: a run, a zip of one, a folder of a hub's
layout, or a model on the hub.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError
from gan_zoo.runs.fetching import HUB, fetch
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.published import PublishedRun, is_published
from gan_zoo.runs.shared import Shared
from gan_zoo.runs.zips import unpack


def open_model(model: str | Path | RunFolder, set: Mapping[str, Any] | None = None) -> RunFolder:
    """Open a trained model to make pictures with it. Nothing of it is executed.

    Args:
        model: The folder of a run; a zip of one; a folder as `gan-zoo push` writes it, or a zip of
            that; hub:OWNER/NAME[@REVISION]; or what this gave.
        set: Changes to its recipe by dotted path, of what a finished run can still change.

    Raises:
        UserError: there is none, it is damaged, or it cannot be fetched.
    """
    if isinstance(model, RunFolder):
        changed = copy.copy(model)
        changed.set = {**model.set, **(set or {})}
        return changed
    name = str(model)
    if name.startswith(HUB):
        return PublishedRun(fetch(name), set, Shared(name))
    path = Path(model)
    if path.is_file():
        shared = Shared(name)
        return _open_folder(unpack(path, shared), set, shared)
    if path.is_dir() and is_published(path):
        return PublishedRun(path, set, Shared(name))
    return RunFolder.open(path, set)


def phase_of(run: RunFolder, weights: str, phases: Collection[str]) -> str:
    """The phase that weights are of.

    Args:
        run: Keeps them.
        weights: Their name.
        phases: Those of its recipe.

    Raises:
        UserError: the run keeps no such weights, or they are of a phase that it does not have.
    """
    phase = run.weights_phase(weights)
    if phase not in phases:
        told = f"its weights {weights} are of a phase {phase}, and its recipe has"
        name = run.shared.name if run.shared else run.path
        raise UserError(f"{name}: {told} {', '.join(phases)}; it was put together wrongly")
    return phase


def _open_folder(path: Path, set: Mapping[str, Any] | None, shared: Shared) -> RunFolder:
    """What was unpacked."""
    if is_published(path):
        return PublishedRun(path, set, shared)
    run = RunFolder.open(path, set)
    run.shared = shared
    return run
