from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gan_zoo import Recipe

Make = Callable[..., Recipe]
Numbers = Callable[[Path], dict[str, list[tuple[int, float]]]]

STEPS = 12
SMALL = {
    "data": {"batch": 2, "workers": 0},
    "generator": {"width": 2, "depth": 3},
    "discriminator.width": 2,
    "phases.main": {"epochs": None, "steps": STEPS, "schedule": None},
    "validation": None,
    "callbacks.previews": {"count": 1},
    "engine": {"device": "cpu", "log_every": 1, "checkpoint_every": 5},
}


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)  # everything here is tiny; more would wait for each other


@pytest.fixture
def tiny() -> Make:
    """Twelve steps of quickstart, a checkpoint every five, with these trackers."""

    def make(**trackers: dict[str, Any]) -> Recipe:
        changes = {f"callbacks.{name}": tracker for name, tracker in trackers.items()}
        return Recipe.load("quickstart", set={**SMALL, **changes})

    return make


@pytest.fixture
def logged() -> Numbers:
    """The losses of a run's log.jsonl: tag -> (step, value)."""

    def read(run: Path) -> dict[str, list[tuple[int, float]]]:
        found: dict[str, list[tuple[int, float]]] = {}
        for line in map(json.loads, (run / "log.jsonl").read_text().splitlines()):
            for label, value in line.get("losses", {}).items():
                found.setdefault(f"losses/{label}", []).append((line["step"], value))
        assert len(found) == 4
        return found

    return read


@pytest.fixture
def stand_in(tmp_path: Path) -> SimpleNamespace:
    """A run that callbacks can be called with by hand; it keeps what they say."""
    said: list[str] = []
    position = SimpleNamespace(step=0, phase="main", phase_step=0)
    folder = tmp_path / "stand-in"
    (folder / "previews").mkdir(parents=True)
    (folder / "recipe.yaml").write_text("generator: {use: unet, width: 8}\nseed: 1\n")
    return SimpleNamespace(folder=folder, position=position, said=said, say=said.append)
