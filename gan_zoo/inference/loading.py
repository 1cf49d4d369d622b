"""A run's folder, opened to make pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder


def load(
    run: str | Path | RunFolder,
    *,
    device: str = "auto",
    weights: str | None = None,
    set: Mapping[str, Any] | None = None,
) -> Translator:
    """Open a run's folder to translate with it: `gan_zoo.load("runs/mine")("input.png")`.

    Args:
        run: The folder.
        device, weights: As of `Translator.load`.
        set: Change how pictures are made, as `{"inference.dropout": False}`.

    Raises:
        UserError: it is no run, or its weights are absent or damaged.
    """
    folder = run if isinstance(run, RunFolder) else RunFolder.open(run)
    folder = RunFolder(folder.path, {**folder.set, **(set or {})})
    return Translator.load(folder, device=device, weights=weights)
