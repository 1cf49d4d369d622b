"""Scenes of given tensors, and what losses say of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gan_zoo.components.learning import LossSpec
from gan_zoo.components.scene import Scene


def scene(**tensors: Any) -> Scene:
    return Scene({name: lambda _, value=value: value for name, value in tensors.items()})


def heard(loss: LossSpec, player: str, **tensors: Any) -> dict[str, tuple[float, float]]:
    """Label -> what is shown, and what counts in the player's sum."""
    terms = loss.build()(scene(**tensors), player)
    return {t.label: (t.value.item(), (t.value * t.factor).item()) for t in terms}


def pictures(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers in [-1, 1]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, dtype=torch.float64, generator=generator) * 2 - 1
