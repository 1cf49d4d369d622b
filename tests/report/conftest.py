from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_zoo.evaluation.score_files import Score, Scores

RECIPE = """\
seed: 0
data: {use: emoji, batch: 4}
generator: {use: unet, width: 32}
discriminator: {use: patch}
losses: {gan: {use: adversarial}, l1: {use: l1, weight: 100}}
validation: {split: val, metrics: {l1: {use: l1}, psnr: {use: psnr}}, best: l1}
"""


def made_score(value: float, data: str = "0e56", metric: str = "l1") -> Score:
    """A score; those on other data have another id."""
    protocol = {"metric": metric, "options": {}, "version": 1, "measures": "mean distance"}
    protocol |= {"split": "val", "data": data, "pictures": 70, "size": [64, 64], "bits": 8}
    return Score(value, lower_is_better=True, protocol={**protocol, "styles": "", "judge": None})


class Folder:
    """A run folder written by hand, as a run would have left it."""

    def __init__(self, path: Path, recipe: str = RECIPE) -> None:
        self.path = path
        path.mkdir(parents=True)
        (path / "recipe.yaml").write_text(recipe)
        (path / "origins.txt").write_text('data.use: "emoji"  # recipes/mine.yaml:5\n')
        world = {
            "started": "2026-11-01T10:00:00+00:00",
            "command": ["gan-zoo", "run", "quickstart"],
            "python": "3.12.1",
            "platform": "Linux",
            "packages": {"gan-zoo": "0.1.0", "torch": "2.6.0"},
            "computing": {"device": "cpu", "precision": "float32"},
        }
        (path / "environment.json").write_text(json.dumps(world))
        (path / "plugins.json").write_text("[]")

    def log(self, entries: list[Mapping[str, Any]]) -> Folder:
        with (self.path / "log.jsonl").open("a") as file:
            for entry in entries:
                file.write(json.dumps({"phase": "main", "epoch": 1, **entry}) + "\n")
        return self

    def train(self, steps: int, every: int = 20) -> Folder:
        """Losses, rates and times of so many steps."""
        return self.log(
            [
                {
                    "step": step,
                    "losses": {
                        "G_L1": 10 + 30 * math.exp(-4 * step / steps) + math.sin(step),
                        "D_real": 0.25 + 0.05 * math.cos(3 * step),
                    },
                    "rates": {"generator": 2e-4},
                    "seconds": 0.1,
                    "wait": 0.01,
                }
                for step in range(every, steps + 1, every)
            ]
        )

    def score(self, step: int, value: float, data: str = "0e56", metric: str = "l1") -> Folder:
        """A score on some data, which its protocol names."""
        entry = made_score(value, data, metric)
        told = Scores(
            **{"phase": "main", "step": step, "weights": "latest", "split": "val"},
            **{"styles": "", "model": "m", "data": "d", "digest": data},
            names=(),
            size=(64, 64),
            measured={metric: entry},
        )
        (self.path / "scores").mkdir(exist_ok=True)
        (self.path / f"scores/val-{step:06d}-{metric}.json").write_text(json.dumps(told.as_data()))
        return self

    def show(self, steps: list[int], samples: list[str], size: int = 16, shade: int = 0) -> Folder:
        """Previews: every output has one color, which tells its step."""
        own = self.path / "previews/previews"
        draw = np.random.default_rng(shade)
        for title in ("source", "target"):
            for sample in samples:
                pixels = draw.integers(0, 256, (size, size, 3), dtype=np.uint8)
                _save(Image.fromarray(pixels), own / f"given-main/{title}/{sample}.png")
        for n, step in enumerate(steps):
            color = (round(255 * n / max(1, len(steps) - 1)), shade, 0)
            for sample in samples:
                _save(Image.new("RGB", (size, size), color), own / f"{step:06d}/{sample}.png")
            _save(Image.new("RGB", (8, 8)), self.path / f"previews/main-{step:06d}.png")
        return self

    def say(self, *lines: str) -> Folder:
        (self.path / "log.txt").write_text("".join(f"{line}\n" for line in lines))
        return self


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Folder]:
    """Makes run folders by name."""

    def make(name: str = "mine-1", recipe: str = RECIPE) -> Folder:
        return Folder(tmp_path / name, recipe)

    return make
