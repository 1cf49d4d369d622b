"""What callbacks are told of a run, and what they may ask of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from gan_zoo.components.hooks import hookimpl
from gan_zoo.components.interfaces import Run
from gan_zoo.components.watching import CallbackSpec
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.training.run import train


class Diary:
    """Writes down every call of the lifecycle."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    @hookimpl
    def on_run_start(self, run: Run) -> None:
        self.calls.append("run_start")

    @hookimpl
    def on_phase_start(self, run: Run) -> None:
        self.calls.append(f"phase_start {run.position.phase}")

    @hookimpl
    def on_step_end(self, run: Run, terms: dict[str, float], epoch_ended: bool) -> None:
        assert set(terms) == {"D_real", "D_fake", "G_GAN", "G_L1"}
        self.calls.append(f"step_end {run.position.step}{' epoch' * epoch_ended}")

    @hookimpl
    def on_checkpoint(self, run: Run, path: Path) -> None:
        assert path.is_dir()
        self.calls.append(f"checkpoint {path.name[-1]}")

    @hookimpl
    def on_phase_end(self, run: Run) -> None:
        self.calls.append(f"phase_end {run.position.phase}")

    @hookimpl
    def on_run_end(self, run: Run) -> None:
        self.calls.append("run_end")


class DiarySpec(CallbackSpec, name="diary"):
    diary: ClassVar[Diary]

    def build(self) -> object:
        return self.diary


def test_the_lifecycle_is_called_in_order(
    few: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiarySpec, "diary", Diary(), raising=False)
    recipe = few({"engine.checkpoint_every": 2}, one={"steps": 3}, two={"steps": 1})
    recipe = recipe.model_copy(update={"callbacks": {"diary": DiarySpec()}})
    train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    calls = list(DiarySpec.diary.calls)
    beside = calls.index("checkpoint 2")  # it is written while steps are taken
    assert calls.index("step_end 2") < beside < calls.index("checkpoint 3")
    calls.remove("checkpoint 2")
    assert calls == [
        "run_start",
        "phase_start one",
        "step_end 1",
        "step_end 2",
        "step_end 3",
        "checkpoint 3",
        "phase_end one",
        "phase_start two",
        "step_end 4",
        "checkpoint 4",
        "phase_end two",
        "run_end",
    ]


class Asks:
    """A callback that asks for all that a run offers."""

    def __init__(self) -> None:
        self.answers: list[tuple[Any, ...]] = []

    @hookimpl
    def on_step_end(self, run: Run) -> None:
        batch = {
            name: (tuple(tensor.shape), tensor.dtype, bool(tensor.abs().max() <= 1))
            for name, tensor in run.batch().items()
        }
        made = run.pictures().picture({"source": torch.zeros(1, 16, 16, dtype=torch.uint8)})
        self.answers.append(
            (
                (run.position.phase, run.position.phase_step, run.position.step, run.epoch),
                batch,
                {name: run.player_of(name) for name in run.networks},
                (tuple(made.shape), made.dtype),
                len(run.dataset("val")) > 0,
                run.folder.name,
            )
        )


class AsksSpec(CallbackSpec, name="asks"):
    asks: ClassVar[Asks]

    def build(self) -> object:
        return self.asks


def test_a_callback_may_ask_for_all_that_a_run_offers(
    few: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AsksSpec, "asks", Asks(), raising=False)
    recipe = few(one={"steps": 1}, two={"steps": 1})
    recipe = recipe.model_copy(update={"callbacks": {"asks": AsksSpec()}})
    train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    batch = {
        "source": ((2, 1, 16, 16), torch.float32, True),
        "target": ((2, 3, 16, 16), torch.float32, True),
    }
    players = {"generator": "generator", "discriminator": "discriminator"}
    rest = batch, players, ((3, 16, 16), torch.uint8), True, "run"
    assert AsksSpec.asks.answers == [(("one", 1, 1, 1), *rest), (("two", 1, 2, 1), *rest)]
