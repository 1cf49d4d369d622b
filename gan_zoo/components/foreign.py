"""Checkpoints of foreign programs, as specs declare them: how their tensors are called, and what
their shapes say. No torch here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_zoo.components.shapes import Image

Shapes = Mapping[str, tuple[int, ...]]  # of the tensors of a file, by their keys


@dataclass(frozen=True)
class Published:
    """A foreign checkpoint layout of one network.

    Args:
        file: the network's name in its file, as G in latest_net_G.pth.
        keys: key in the published file -> key in our state dict.
        rests: keys in our state dict that the published network has no use for, so that no file
            holds them: what rests where the whole plays.
    """

    file: str
    keys: Mapping[str, str]
    rests: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reading:
    """What a foreign file's shapes say of a component.

    Args:
        options: What they tell of its options, by dotted path.
        recipes: Shipped recipes of programs that write such files, the likeliest first.
        assumed: Options that no shape tells, by dotted path -> why; they take the value that
            `options` says, else the recipe's, else the default.
        channels: What the network takes and what it makes, where they tell both.
        doubtful: Another component has the very same tensors, and is likelier.
        beside: What they tell of the rest of a recipe, by dotted path, where it has that.
    """

    options: Mapping[str, Any]
    recipes: tuple[str, ...] = ()
    assumed: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[int, int] | None = None
    doubtful: bool = False
    beside: Mapping[str, Any] = field(default_factory=dict)


class Readable:
    """A kind of component whose weights come in foreign files."""

    @classmethod
    def recognize(cls, shapes: Shapes) -> Reading | None:
        """What a foreign file's shapes say of the options; None where it is another's file."""
        return None


class ReadableNetwork(Readable):
    """A network that joins two shapes."""

    def published(self, given: Image, wanted: Image) -> list[Published]:
        """Foreign checkpoint layouts that these options can read."""
        return []


class ReadableCondition(Readable):
    """A condition, where it owns parameters."""

    def published(self, maps: Mapping[str, Image]) -> list[Published]:
        """Foreign checkpoint layouts that these options can read."""
        return []
