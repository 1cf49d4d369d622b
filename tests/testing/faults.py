"""Components with a fault each, and what the kit of `gan_zoo.testing` is to say of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from torch import Tensor, nn

from gan_zoo.components.spec import Spec
from gan_zoo.testing import examine
from gan_zoo.testing.stand_ins import PainterSpec


class Sound(PainterSpec, name="sound"):
    """A generator without a fault."""


class Wrapped(nn.Module):
    """A network with something done before or after it."""

    def __init__(
        self,
        network: nn.Module,
        *,
        after: Callable[[Any], Any] = lambda made: made,
        before: Callable[[Tensor], Tensor] = lambda x: x,
    ) -> None:
        super().__init__()
        self.network, self.after, self.before = network, after, before

    def forward(self, *inputs: Tensor) -> Any:
        return self.after(self.network(self.before(inputs[0]), *inputs[1:]))


class Faults:
    """The faulty components of one file; call it to mark one."""

    def __init__(self) -> None:
        self.found: list[tuple[type[Spec], str, str]] = []

    def __call__(self, title: str, sentence: str) -> Callable[[type[Spec]], type[Spec]]:
        """The check that fails on a spec, and words of what it says."""

        def add(spec: type[Spec]) -> type[Spec]:
            self.found.append((spec, title, sentence))
            return spec

        return add

    def test(self) -> Callable[..., None]:
        """A test of every fault that was marked so far."""

        @pytest.mark.parametrize(
            ("spec", "title", "sentence"),
            self.found,
            ids=[f"{spec.__name__}: {title}" for spec, title, _ in self.found],
        )
        def test_a_fault_is_found_and_said(spec: type[Spec], title: str, sentence: str) -> None:
            found = examine(spec, title)
            assert title in found, f"{spec.__name__} passed"
            assert sentence in found[title]
            assert "cure:" in found[title]

        return test_a_fault_is_found_and_said


def sound(*specs: Any) -> Callable[..., None]:
    """A test that the kit has nothing to say of these."""

    @pytest.mark.parametrize("spec", specs)
    def test_what_is_sound_passes(spec: type[Spec]) -> None:
        assert examine(spec) == {}

    return test_what_is_sound_passes
