"""A run of two steps with lively pictures, and pictures to give it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PIL
from rich.console import Console
from torch import Tensor

import gan_zoo
from gan_zoo.engine import compiling
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder

TINY = {
    "generator.width": 4,
    "generator.depth": 4,
    "generator.dropout": "paper",
    "init.gain": 0.5,  # lively pictures after two steps
    "discriminator.width": 4,
    "inference": {"norm": "picture", "dropout": True},
    "data.workers": 0,
    "phases.main": {"epochs": None, "steps": 2},
    "validation": None,
}


class Told(Reporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.file = io.StringIO()
        super().__init__(Console(file=self.file, width=500))

    def lines(self) -> list[str]:
        return self.file.getvalue().splitlines()


def trained(out: Path, **changes: Any) -> RunFolder:
    """A run of two steps."""
    recipe = Recipe.load("quickstart", set={**TINY, **changes})
    return gan_zoo.train(recipe, out, reporter=Reporter(quiet=True))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("translate") / "run")


@pytest.fixture(scope="module")
def translator(run: RunFolder) -> Translator:
    return gan_zoo.load(run, device="cpu")


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One that takes seconds and changes no digit."""
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    torch.compiler.reset()
    compiling.forget_counts()
    yield
    torch.compiler.reset()


def programs() -> int:
    return compiling.count().graphs


def refusing(*_: Any) -> Any:
    """A compiler that takes nothing."""
    raise ValueError("this machine has no compiler")


def picture(height: int = 64, width: int = 64, channels: int = 1) -> Tensor:
    seeded = torch.Generator().manual_seed(height * width)
    size = (channels, height, width)
    return torch.randint(0, 256, size, generator=seeded, dtype=torch.uint8)


def grey(tensor: Tensor) -> PIL.Image:
    return PIL.fromarray(tensor[0].numpy())


def pixels(path: Path) -> np.ndarray:
    with PIL.open(path) as file:
        return np.asarray(file)
