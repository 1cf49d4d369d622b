"""In which numbers a trained model computes, and on what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import get_args

import torch
from torch import nn

from gan_zoo.engine.precision import Precision, pick_device
from gan_zoo.errors import UserError
from gan_zoo.recipe.engine_words import DEVICES, Engine

PRECISIONS: tuple[str, ...] = get_args(Engine.model_fields["precision"].annotation)


def choose_precision(engine: Engine, device: str, precision: str | None = None) -> Precision:
    """In which numbers a trained model computes on a device. How its training was made faster, by
    compiling or recording, is nothing to it.

    Args:
        engine: The recipe's.
        device: In its words.
        precision: In its words, of which auto is the device's own; the recipe's if None.

    Raises:
        UserError: there is no such device, or it cannot compute in that precision.
    """
    if not re.fullmatch(DEVICES, device):
        raise UserError(f"device: {device} came; auto, cpu, cuda, cuda:N or mps was expected")
    if precision is not None and precision not in PRECISIONS:
        raise UserError(f"precision: {precision} came; {_listed(PRECISIONS)} was expected")
    place = pick_device(device, "device")
    words = {**engine.computing, "compile": "off", "graphs": "off", "device": place}
    if precision is None:
        return Precision.of(**words)
    return Precision.of(**{**words, "precision": precision}, named="precision")


def has_float64(modules: Iterable[nn.Module]) -> bool:
    """Whether weights have digits that float32 loses."""
    return any(tensor.dtype == torch.float64 for one in modules for tensor in one.parameters())


def refuse_rounded(numbers: Precision) -> None:
    """Weights that lost digits do not compute in more of them.

    Raises:
        UserError: these are float64.
    """
    if numbers.dtype == torch.float64:
        raise UserError(
            "precision: float64 came, but the weights were rounded to float32; load the run "
            "again, with precision='float64'"
        )


def _listed(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
