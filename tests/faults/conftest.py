from __future__ import annotations

import itertools
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

TIMING = ("seconds", "wait", "memory")

ONE_PHASE = """
extends: quickstart
optimizers: {generator: {lr: 2e-4}, discriminator: {lr: 2e-4}}
data: {use: paired_folder, root: ROOT, direction: a_to_b, source: rgb, target: rgb,
       batch: 4, load: [20, 20], crop: [16, 16], flip: 0.5, workers: 2}
generator: {width: 4, depth: 4, dropout: paper}
discriminator: {width: 4, layers: 1}
phases: {main: {epochs: null, steps: 14, schedule: {hold: 1, fall: 9}}}
validation: {split: val, every: 1, best: l1}
callbacks: {previews: {count: 2, every: 1}, health: null}
engine: {checkpoint_every: 3, log_every: 1, device: cpu}
"""
PHASES = """
phases:
  main: null
  judge: {steps: 5, train: [discriminator], set: {losses.l1.weight: 10}}
  grow:
    epochs: 2
    size: [32, 32]
    train: [generator.decoder, discriminator]
    start: {generator: fresh}
    schedule: {hold: 1, fall: 2}
  polish: {steps: 3, set: {data.batch: 3}}
"""


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pairs to learn from, two to judge by, side by side."""
    root = tmp_path_factory.mktemp("pairs")
    draw = np.random.default_rng(0)
    for split, count in (("train", 10), ("val", 2)):
        (root / split).mkdir()
        for n in range(count):
            pixels = draw.integers(0, 256, (24, 48, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / split / f"{n:02}.png")
    return root


@pytest.fixture(scope="session")
def recipes(tmp_path_factory: pytest.TempPathFactory, pairs: Path) -> dict[str, Path]:
    """A recipe of one phase and one of three with health; augmentation, dropout and two workers are
    on.
    """
    folder = tmp_path_factory.mktemp("recipes")
    one = ONE_PHASE.replace("ROOT", str(pairs))
    three = "\n".join(line for line in one.splitlines() if not line.startswith("phases"))
    found = {"one": one, "three": three.replace("health: null", "health: {split: val}") + PHASES}
    for name, text in found.items():
        (folder / f"{name}.yaml").write_text(text)
    return {name: folder / f"{name}.yaml" for name in found}


class Started(NamedTuple):
    """One that goes on: its number, where its exit code will be told, and its two files."""

    number: int
    answers: IO[str]
    out: Path
    errors: Path

    def wait(self, seconds: float = 60) -> int:
        """Its exit code; it is killed, and the test fails, where it takes longer."""
        if not select.select([self.answers], [], [], seconds)[0]:
            os.killpg(self.number, signal.SIGKILL)
            self.answers.readline()
            pytest.fail(f"it did not end in {seconds} s: {self.errors.read_text()}")
        return int(self.answers.readline())


class Program:
    """gan-zoo as a process that can be killed; see stage_door.py."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = itertools.count()
        door = Path(__file__).with_name("stage_door.py")
        self.process = subprocess.Popen(
            [sys.executable, str(door)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},  # nets this small only wait for threads
        )

    def __call__(self, *arguments: object, **accidents: Any) -> tuple[int, str]:
        """The exit code, below zero for a signal, and what was said."""
        told = self._told()
        self._ask({"told": str(told), "folder": "", **accidents}, arguments)
        return self._answer(), told.read_text()

    def start(self, *arguments: object, before: str = "") -> Started:
        """One that goes on meanwhile; it must end before the next command.

        Args:
            arguments: Of the command line.
            before: Python that it executes first.
        """
        out, errors = self._told(), self._told()
        self._ask({"told": str(out), "errors": str(errors), "before": before}, arguments)
        number = self._answer()
        assert self.process.stdout is not None
        return Started(number, self.process.stdout, out, errors)

    def _told(self) -> Path:
        return self.folder / f"told-{next(self.count)}.txt"

    def _ask(self, job: dict[str, Any], arguments: Iterable[object]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"arguments": [*map(str, arguments)], **job}) + "\n")
        self.process.stdin.flush()

    def _answer(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    made = Program(tmp_path_factory.mktemp("told"))
    with made.process:
        yield made


Result = dict[str, Any]


def result(run: Path) -> Result:
    """All that must be the same: weights and previews to the byte, the log but for its times."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    log = [{k: v for k, v in line.items() if k not in TIMING} for line in lines]
    kept = sorted((run / "weights").rglob("*.safetensors")) + sorted(run.rglob("*.png"))
    assert not list(run.rglob("*.tmp"))
    return {"log": log, **{str(path.relative_to(run)): path.read_bytes() for path in kept}}


@pytest.fixture(scope="session")
def results() -> Callable[[Path], Result]:
    return result


@pytest.fixture(scope="session")
def straight(
    program: Program, recipes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Result]:
    """The results of runs that nothing befell."""
    folder = tmp_path_factory.mktemp("straight")
    found = {}
    for name, recipe in recipes.items():
        code, told = program("run", recipe, "--out", folder / name)
        assert code == 0, told
        found[name] = result(folder / name)
    return found
