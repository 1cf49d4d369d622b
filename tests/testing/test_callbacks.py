"""Faults of callbacks."""

from __future__ import annotations

from typing import Any

import torch

from gan_zoo.components.hooks import hookimpl
from gan_zoo.components.watching import CallbackSpec
from tests.testing.faults import Faults, sound

fault = Faults()


class Bell:
    @hookimpl
    def on_run_end(self, run: Any) -> None:
        """Ring."""


class Misspelt:
    @hookimpl
    def on_run_ends(self, run: Any) -> None:
        """Never called."""


class BellSpec(CallbackSpec, name="bell"):
    """A callback without a fault."""

    def build(self) -> object:
        return Bell()


@fault("hooks are of the lifecycle", "on_run_ends")
class MisspeltSpec(CallbackSpec, name="faulty"):
    """A callback with a misspelt hook."""

    def build(self) -> object:
        return Misspelt()


@fault("hooks are of the lifecycle", "no hook implementation")
class IdleSpec(CallbackSpec, name="faulty"):
    """A callback that hears nothing."""

    def build(self) -> object:
        return object()


@fault("no option is ignored", "built it with loud: False and with loud: True")
class LoudSpec(CallbackSpec, name="faulty"):
    """A callback with an option that it does not use, and an attribute that prints differently."""

    loud: bool = False
    """Of no use."""

    def build(self) -> object:
        bell = Bell()
        bell.clapper = object()  # type: ignore[attr-defined]
        return bell


class Counting(CallbackSpec, name="counting"):
    """A callback that remembers, and says so."""

    def build(self) -> object:
        return Counter()


class Counter:
    def __init__(self) -> None:
        self.steps = 0

    @hookimpl
    def on_step_end(self, run: Any) -> None:
        """Count."""
        self.steps += 1

    def state(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def restore(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]


@fault("watching moves nothing", "weights of generator that differ")
class Meddling(CallbackSpec, name="faulty"):
    """A callback that bounds the weights."""

    def build(self) -> object:
        class Clip:
            @hookimpl
            def on_step_end(self, run: Any) -> None:
                with torch.no_grad():
                    for parameter in run.assembly.networks["generator"].parameters():
                        parameter.clamp_(-0.01, 0.01)

        return Clip()


@fault("watching moves nothing", "torch's generator stands elsewhere with it")
class Restless(CallbackSpec, name="faulty"):
    """A callback that rolls the networks' dice."""

    def build(self) -> object:
        class Dice:
            @hookimpl
            def on_step_end(self, run: Any) -> None:
                torch.rand(())

        return Dice()


@fault("a resumed run ends alike", "came:     state() steps is not the same")
class Forgetful(CallbackSpec, name="faulty"):
    """A callback that does not take back what it remembered."""

    def build(self) -> object:
        made = Counter()
        made.restore = lambda state: None  # type: ignore[method-assign]
        return made


@fault("a resumed run ends alike", "nested mappings of tensors and plain numbers")
class Hoarding(CallbackSpec, name="faulty"):
    """A callback that takes back something else than it gives."""

    def build(self) -> object:
        made = Counter()
        made.state = lambda: {"count": made.steps}  # type: ignore[method-assign]
        return made


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(BellSpec, Counting)
