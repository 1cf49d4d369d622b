"""Ablations as small as they can be: pairs of noise at 16 pixels, networks of width 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from gan_zoo.ablation import planning, queue
from gan_zoo.ablation.figures import Figures, Prepared, rehearse_all
from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.planning import make_plan

SPLITS = {"train": 6, "val": 2, "test": 3}

BASE = """
extends: quickstart
data: {use: paired_folder, root: ROOT, direction: a_to_b, source: rgb, target: rgb,
       batch: 2, load: [20, 20], crop: [16, 16], flip: 0.5, workers: 0}
generator: {width: 2, depth: 3, dropout: none}
discriminator: {width: 2, layers: 1}
phases: {main: {epochs: null, steps: 8, schedule: {hold: 1, fall: 9}}}
validation: null
callbacks: null
engine: {checkpoint_every: 3, log_every: 1, device: cpu}
"""
ABLATION = """
ablation: 1
about: What l1 does
base: base.yaml
reference: both
seeds: [0, 1]
budget: {steps: 6}
vary:
  gan: {losses.l1: null}
  both: {}
score: {split: test, metrics: {l1: {use: l1}, sharp: {use: sharpness}}}
"""

Write = Callable[..., Path]


def write_pairs(root: Path, seed: int = 0) -> Path:
    """A few pairs of noise, side by side."""
    draw = np.random.default_rng(seed)
    for split, count in SPLITS.items():
        (root / split).mkdir(parents=True)
        for n in range(count):
            pixels = draw.integers(0, 256, (24, 48, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / split / f"{n:02}.png")
    return root


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs"))


@pytest.fixture
def more_pairs() -> Callable[..., Path]:
    """Writes pairs of one's own."""
    return write_pairs


@pytest.fixture
def small(tmp_path: Path, pairs: Path) -> Write:
    """Writes small.yaml and its base; `**fields` take the place of the file's."""

    def write(root: Path = pairs, **fields: object) -> Path:
        (tmp_path / "base.yaml").write_text(BASE.replace("ROOT", str(root)))
        told = {**yaml.safe_load(ABLATION), **fields}
        path = tmp_path / "small.yaml"
        path.write_text(yaml.safe_dump(told, sort_keys=False))
        return path

    return write


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread a run, and no rehearsal where a test does not ask for it."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def guess(prepared: Iterable[Prepared]) -> dict[str, Figures]:
        return {one.name: Figures(7, dict.fromkeys(one.steps, 5), 3) for one in prepared}

    monkeypatch.setattr(planning, "rehearse_all", guess)


@pytest.fixture
def rehearsed(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variants are rehearsed."""
    monkeypatch.setattr(planning, "rehearse_all", rehearse_all)


@pytest.fixture
def folder(tmp_path: Path) -> AblationFolder:
    return AblationFolder(tmp_path / "out")


def planned(path: Path, folder: AblationFolder, **options: Any) -> Plan:
    return make_plan(read_ablation(path), folder=folder, **options)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queues ask and look all the time."""
    monkeypatch.setattr(queue, "POLL", 0.02)
    monkeypatch.setattr(queue, "LOOK", 0.2)
