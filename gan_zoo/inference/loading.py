"""A trained model, opened to make pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_zoo.inference.translator import Translator
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.opening import open_model


def load(
    run: str | Path | RunFolder,
    *,
    device: str = "auto",
    weights: str | None = None,
    set: Mapping[str, Any] | None = None,
    precision: str | None = None,
    compile: bool = False,
    reporter: Reporter | None = None,
) -> Translator:
    """Open a trained model to translate with it: `gan_zoo.load("runs/mine")("input.png")`.

    Nothing of it is executed: recipes, JSON and tensors are read.

    Args:
        run: The folder of a run; a zip of one; a folder that `gan_zoo.push` wrote, or a zip of it;
            or hub:OWNER/NAME, also with @REVISION, on the Hugging Face Hub.
        device: As in the recipe's engine section; `model.to(device)` moves it later.
        weights: latest or best; what the recipe says if absent.
        set: Change how pictures are made, as `{"inference.dropout": False}`.
        precision: float64, float32, bfloat16, float16, or auto, which is the device's own; what the
            recipe's engine section means on the device if absent.
        compile: Networks run as programs of torch's compiler. The first picture of every size waits
            for its own, seconds to minutes; later ones of that size are made faster.
        reporter: Told of that; standard output if absent.

    Raises:
        UserError: it is no run, cannot be fetched, its weights are absent or damaged, or the device
            is not there or does not compute in that precision.
    """
    return Translator.load(
        open_model(run, set),
        device=device,
        weights=weights,
        precision=precision,
        compile=compile,
        reporter=reporter,
    )
