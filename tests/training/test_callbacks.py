from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gan_zoo.components.hooks import hookimpl
from gan_zoo.components.lifecycle import Lifecycle
from gan_zoo.components.watching import CallbackSpec
from gan_zoo.errors import DataError, UserError
from gan_zoo.training.callbacks import make_plugin_manager

heard: list[str] = []


class Ear:
    def __init__(self, word: str) -> None:
        self.word = word

    @hookimpl
    def on_run_start(self) -> None:
        heard.append(self.word)

    @hookimpl
    def on_step_end(self, terms: dict[str, float], run: Any) -> None:
        heard.append(f"{self.word} {run} {terms}")


class Fails:
    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    @hookimpl
    def on_run_start(self) -> None:
        raise self.problem


class EarSpec(CallbackSpec, name="ear"):
    word: str

    def build(self) -> object:
        return Ear(self.word)


class FailsSpec(CallbackSpec, name="fails"):
    user: bool

    def build(self) -> object:
        return Fails(DataError("x.png is damaged") if self.user else ZeroDivisionError("by zero"))


class MisspeltSpec(CallbackSpec, name="misspelt"):
    def build(self) -> object:
        class Misspelt:
            @hookimpl
            def on_epoch_over(self) -> None: ...

        return Misspelt()


def hooks(**specs: CallbackSpec) -> Any:
    return make_plugin_manager(SimpleNamespace(callbacks=specs)).hook  # type: ignore[arg-type]


def test_callbacks_are_called_in_the_order_of_the_recipe_with_what_they_ask_for() -> None:
    heard.clear()
    made = hooks(z=EarSpec(word="first"), a=EarSpec(word="second"))
    made.on_run_start(run=None)
    made.on_step_end(run="run", terms={"G": 1.0}, epoch_ended=False)
    made.on_run_end(run=None)
    assert heard == ["first", "second", "first run {'G': 1.0}", "second run {'G': 1.0}"]


def test_one_that_raises_is_named() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        hooks(bell=FailsSpec(user=False)).on_run_start(run=None)
    assert raised.value.__notes__ == ["raised by callbacks.bell in on_run_start"]
    with pytest.raises(UserError, match=r"^callbacks\.bell: x\.png is damaged$"):
        hooks(bell=FailsSpec(user=True)).on_run_start(run=None)


def test_a_hook_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Exception, match="on_epoch_over"):
        hooks(bell=MisspeltSpec())


def test_the_lifecycle_is_complete_and_told() -> None:
    named = [name for name in vars(Lifecycle) if name.startswith("on_")]
    assert named == [
        "on_run_start",
        "on_phase_start",
        "on_step_end",
        "on_losses",
        "on_look",
        "on_epoch_end",
        "on_scores",
        "on_preview",
        "on_checkpoint",
        "on_phase_end",
        "on_run_end",
    ]
    assert all(getattr(Lifecycle, name).__doc__ for name in named)
