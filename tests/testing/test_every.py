"""What every spec promises, and how its options are varied."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import nn

from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing.options import choices, variants
from gan_zoo.testing.stand_ins import PainterSpec
from tests.testing.faults import Faults, Sound, sound

fault = Faults()


@fault("documented options", "the option width of Undocumented")
class Undocumented(PainterSpec, name="faulty"):
    """A generator."""

    width: int = 4


@fault("documented options", "looked for the docstring of Silent")
class Silent(PainterSpec, name="faulty"):
    pass


@fault("schema round trip", "Demanding.example()")
class Demanding(PainterSpec, name="faulty"):
    """A generator that needs to be told its width."""

    width: int
    """Channels."""

    @classmethod
    def example(cls) -> Demanding:
        return cls()  # type: ignore[call-arg]


@fault("schema round trip", "keep every option in the dump")
class Forgetful(PainterSpec, name="faulty"):
    """A generator."""

    width: int = Field(4, exclude=True)
    """Lost when a run saves its recipe."""


@fault("no option is ignored", "built it with width: 4 and with width: 5")
class Ignoring(PainterSpec, name="faulty"):
    """A generator."""

    width: int = Field(4, ge=1)
    """Of no use."""


@fault("no option is ignored", "built it with norm: instance and with norm: none")
class Confusing(PainterSpec, name="faulty"):
    """A generator with two words for one thing."""

    norm: Literal["batch", "instance", "none"] = "batch"
    """The norm."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        if self.norm == "batch":
            return nn.Sequential(nn.BatchNorm2d(given.channels), *super().build(given, wanted))
        return super().build(given, wanted)


@fault("no option is ignored", "give examples: Field")
class Untypical(PainterSpec, name="faulty"):
    """A generator with an option of a type that nobody can guess values of."""

    widths: dict[str, int] = Field(default_factory=dict)
    """Channels by level."""


class Nested(PainterSpec, name="nested"):
    """One option of every kind of type."""

    word: Literal["a", "b"] = "a"
    """A choice."""
    flag: bool = False
    """A switch."""
    count: int = Field(2, ge=2)
    """A number from 2."""
    share: float = Field(0.5, ge=0, le=1)
    """A part of one."""
    cap: int | None = None
    """A number, or none."""
    pair: tuple[int, int] = (1, 2)
    """Two numbers."""
    inner: GeneratorSpec = Sound()
    """Another component."""
    text: str = Field("x", examples=["y"])
    """A text."""


def test_options_are_varied_within_their_limits() -> None:
    zoo = Zoo.installed()
    spec = Nested()
    tried = {
        option: [
            getattr(other, option)
            for label, other in variants(spec, zoo)
            if label.startswith(f"{option}:")
        ]
        for option in Nested.model_fields
    }
    assert tried["word"] == ["b"]
    assert tried["flag"] == [True]
    assert 3 in tried["count"]
    assert min(tried["count"]) >= 2
    assert all(0 <= value <= 1 and value != 0.5 for value in tried["share"])
    assert 1 in tried["cap"]
    assert (1, 3) in tried["pair"]
    assert "unet" in {type(inner).name for inner in tried["inner"]}
    assert tried["text"][0] == "y"
    assert [choice.distinct for choice in choices(spec, "word", zoo)] == [True]


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(Sound)
