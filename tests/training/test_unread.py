"""Losses are read a few steps late: none is lost, and nothing is saved past what is no number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from gan_zoo.components.hooks import hookimpl
from gan_zoo.components.interfaces import Run
from gan_zoo.components.watching import CallbackSpec
from gan_zoo.engine.late_numbers import Letter, Outbox
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import train

Few = Callable[..., Recipe]
LATE = pytest.mark.parametrize("late", [0, 2, 7])


class Ear:
    """Writes down what it is told, and where the run is."""

    def __init__(self, fails_at: int = 0) -> None:
        self.heard: list[tuple[int, int, dict[str, float]]] = []
        self.saved: list[tuple[int, int]] = []  # a checkpoint's step, and the last one heard of
        self.fails_at = fails_at

    @hookimpl
    def on_losses(self, run: Run, step: int, terms: dict[str, float]) -> None:
        if step == self.fails_at:
            raise UserError("it is enough")
        self.heard.append((step, run.position.step, terms))

    def state(self) -> dict[str, Any]:
        return {"heard": len(self.heard)}

    def restore(self, state: dict[str, Any]) -> None:
        assert state


class EarSpec(CallbackSpec, name="ear"):
    ear: ClassVar[Ear]

    def build(self) -> object:
        return self.ear


def told(
    few: Few, folder: Path, late: int, monkeypatch: pytest.MonkeyPatch, **words: Any
) -> tuple[Ear, RunFolder]:
    ear = Ear(**words)
    monkeypatch.setattr(EarSpec, "ear", ear, raising=False)
    often = {"engine.checkpoint_every": 5, "engine.log_every": 100, "engine.read_late": late}
    recipe = few(often, one={"steps": 11}, two={"steps": 2})
    recipe = recipe.model_copy(update={"callbacks": {"ear": EarSpec()}})
    return ear, train(recipe, folder / str(late), reporter=Reporter(quiet=True))


def test_when_they_are_read_changes_no_number(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, logs, weights = [], [], []
    for late in (0, 2, 7):
        ear, run = told(few, tmp_path, late, monkeypatch)
        assert [step for step, _, _ in ear.heard] == list(range(1, 14))
        heard.append([terms for _, _, terms in ear.heard])
        lines = [json.loads(line) for line in run.log.read_text().splitlines()]
        logs.append([(line["step"], line["losses"]) for line in lines])
        weights.append(run.load_weights("latest", "generator"))
    assert heard[0] == heard[1] == heard[2]
    assert logs[0] == logs[1] == logs[2]
    for others in weights[1:]:
        assert all(torch.equal(others[key], tensor) for key, tensor in weights[0].items())


@LATE
def test_they_come_as_late_as_is_said_and_before_every_checkpoint(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    ear, run = told(few, tmp_path, late, monkeypatch)
    behind = [at - step for step, at, _ in ear.heard]
    assert max(behind) == min(late, 4)  # every 5 steps there is a checkpoint
    for saved in checkpoint.saved(run.state):
        position, state = checkpoint.load(saved)
        assert state["callbacks"]["ear"]["heard"] == position.step


@pytest.mark.parametrize(
    ("fails", "saved"),
    [(7, 9), (10, 10), (11, 11), (13, 13)],
    ids=["between", "at a checkpoint", "as a phase ends", "as the run ends"],
)
def test_a_callback_that_fails_hears_no_more_and_costs_no_step(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int, saved: int
) -> None:
    with pytest.raises(UserError, match=rf"callbacks\.ear: it is enough\nStep {saved} is saved"):
        told(few, tmp_path, 2, monkeypatch, fails_at=fails)
    assert [step for step, _, _ in EarSpec.ear.heard] == list(range(1, fails))
    run = RunFolder.open(tmp_path / "2")
    assert checkpoint.last_step(run.state) == saved
    position, _ = checkpoint.load(checkpoint.saved(run.state)[0])
    logged = [json.loads(line)["step"] for line in run.log.read_text().splitlines()]
    assert position.recent or saved in logged  # what was read is not lost


def test_a_letter_is_read_when_it_is_asked_for() -> None:
    box = Outbox(torch.device("cpu"))
    letters = [box.send(torch.tensor([float(n), float("nan")])) for n in range(20)]
    assert [letter.read()[0] for letter in letters] == list(range(20))
    assert isinstance(letters[0], Letter)
