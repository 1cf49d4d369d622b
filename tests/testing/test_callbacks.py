"""Faults of callbacks."""

from __future__ import annotations

from typing import Any

from gan_zoo.hooks import hookimpl
from gan_zoo.specs import CallbackSpec
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


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(BellSpec)
