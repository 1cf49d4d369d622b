"""Checkpoints are written beside the training, one at a time, from a snapshot."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from gan_zoo.components import hookimpl
from gan_zoo.components.watching import CallbackSpec
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.checkpoint import Position
from gan_zoo.training.keeper import snapshot
from gan_zoo.training.run import resume, train

Few = Callable[..., Recipe]


def test_a_snapshot_stands_still_and_copies_once() -> None:
    weight = torch.ones(3, requires_grad=True)
    turned = torch.arange(6.0).reshape(2, 3).T
    taken = snapshot({"a": {"w": weight, "n": 2}, "b": {"w": weight.detach()}, "c": turned})
    with torch.no_grad():
        weight += 1
    assert taken["a"]["w"].tolist() == [1, 1, 1]
    assert not taken["a"]["w"].requires_grad
    assert taken["a"]["w"] is taken["b"]["w"]
    assert torch.equal(taken["c"], turned)
    assert taken["a"]["n"] == 2


def test_a_snapshot_is_freed_without_the_collector() -> None:
    gc.disable()
    try:
        taken = snapshot({"w": torch.ones(3)})
        alive = weakref.ref(taken["w"])
        del taken
        assert alive() is None
    finally:
        gc.enable()


class Waits:
    """Lets the first checkpoint be written once step 3 is done."""

    order: ClassVar[list[str]] = []
    may_write = threading.Event()

    @hookimpl
    def on_step_end(self, run: Any) -> None:
        self.order.append(f"step {run.position.step}")
        if run.position.step == 3:
            self.may_write.set()


class WaitsSpec(CallbackSpec, name="waits"):
    def build(self) -> object:
        return Waits()


def test_steps_go_on_while_one_is_written_and_the_next_one_waits(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is written late holds the numbers of its step, and the next one comes after it."""
    quiet, every = Reporter(quiet=True), {"engine.checkpoint_every": 2}
    straight = train(few(every, only={"steps": 2}), tmp_path / "two", reporter=quiet)
    save, kept = checkpoint.save, dict[str, Any]()

    def slow(folder: Path, position: Position, state: Mapping[str, Any]) -> Path:
        assert Waits.may_write.wait(60)
        Waits.order.append(f"written {position.step}")
        kept.setdefault("first", state["networks"]["generator"])
        return save(folder, position, state)

    monkeypatch.setattr("gan_zoo.training.keeper.checkpoint.save", slow)
    recipe = few(every, only={"steps": 5}).model_copy(update={"callbacks": {"waits": WaitsSpec()}})
    run = train(recipe, tmp_path / "run", reporter=quiet)
    order = [
        Waits.order.index(event) for event in ("step 3", "written 2", "written 4", "written 5")
    ]
    assert order == sorted(order)
    first = straight.load_weights("latest", "generator")
    assert all(torch.equal(kept["first"][name], tensor) for name, tensor in first.items())
    names = [path.name for path in checkpoint.saved(run.state)]
    assert names == ["step-000000005", "step-000000004"]


def test_a_disk_that_fills_while_steps_go_on_is_told_before_the_next_checkpoint(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = checkpoint.save

    def full(folder: Path, position: Any, state: Any) -> Path:
        if position.step == 4:
            raise OSError(28, "No space left on device", "tensors.safetensors")
        return save(folder, position, state)

    monkeypatch.setattr("gan_zoo.training.keeper.checkpoint.save", full)
    recipe = few({"engine.checkpoint_every": 2}, only={"steps": 8})
    with pytest.raises(OSError, match="No space left"):
        train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    assert [path.name for path in checkpoint.saved(tmp_path / "run/state")] == ["step-000000002"]
    monkeypatch.setattr("gan_zoo.training.keeper.checkpoint.save", save)
    run = resume(tmp_path / "run", reporter=Reporter(quiet=True))
    assert checkpoint.saved(run.state)[0].name == "step-000000008"
