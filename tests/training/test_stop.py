"""Signals that something swallows are raised again, and no error is lost to one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.components import hookimpl
from gan_zoo.components.watching import CallbackSpec
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.checkpoint import Position
from gan_zoo.training.guards import Interrupted
from gan_zoo.training.run import train
from gan_zoo.training.signals import Stop, Stopped

Few = Callable[..., Recipe]
posix = pytest.mark.skipif(os.name != "posix", reason="signals of processes")


def test_what_is_swallowed_is_raised_again_until_the_run_has_heard_it() -> None:
    stop = Stop(Reporter(quiet=True))
    for _ in range(2):
        with pytest.raises(Stopped) as stopped, stop.at_once():  # a destructor would ignore it
            stop._hear(signal.SIGTERM, None)
        assert not stopped.value.torn
        stop._deaf_until = 0
    with pytest.raises(Stopped), stop.at_once():
        pass
    stop.leave()
    with stop.at_once(), stop.saving():
        stop._hear(signal.SIGTERM, None)


def test_what_saves_is_finished_first() -> None:
    stop, done = Stop(Reporter(quiet=True)), []

    def look() -> None:
        with stop.saving():
            stop._hear(signal.SIGTERM, None)
            done.append("saved")
        done.append("looked")

    with pytest.raises(Stopped), stop.at_once():
        look()
    assert done == ["saved"]


heard: list[bool] = []


class Signals:
    """Asks to stop again and again, in the middle of a step."""

    @hookimpl
    def on_step_end(self, run: Any) -> None:
        if run.position.step == 3:
            for _ in range(3):  # the second one comes with the first, as launchers send it
                os.kill(os.getpid(), signal.SIGTERM)
                heard.append(run._stop.asked)
                if len(heard) == 2:
                    run._stop._deaf_until = 0  # seconds later


class SignalsSpec(CallbackSpec, name="signals"):
    def build(self) -> object:
        return Signals()


@posix
@pytest.mark.parametrize("full", [False, True])
def test_a_step_that_is_broken_off_names_the_last_whole_checkpoint(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    """Or the disk that is full, where that is why there is none."""
    heard.clear()
    save = checkpoint.save

    def write(folder: Path, position: Position, state: Mapping[str, Any]) -> Path:
        if full and position.step == 2:
            raise OSError(28, "No space left on device", "tensors.safetensors")
        return save(folder, position, state)

    monkeypatch.setattr("gan_zoo.training.keeper.checkpoint.save", write)
    recipe = few({"engine.checkpoint_every": 1 if full else 2}, only={"steps": 9})
    recipe = recipe.model_copy(update={"callbacks": {"signals": SignalsSpec()}})
    if full:
        with pytest.raises(OSError, match="No space left"):
            train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
        return
    told = "stopped at step 2, in the middle of a later one; to go on: gan-zoo resume "
    with pytest.raises(Interrupted, match=told):
        train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    assert [path.name for path in checkpoint.saved(tmp_path / "run/state")] == ["step-000000002"]
