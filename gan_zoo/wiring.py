"""What a method makes of a recipe: its networks, who moves them, and what players are offered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gan_zoo.shapes import Image

if TYPE_CHECKING:
    from gan_zoo.specs import NetworkSpec


@dataclass(frozen=True)
class Network:
    """One network of a run before it is built: who moves it and which shapes it joins."""

    name: str
    player: str
    spec: NetworkSpec
    given: Image
    wanted: Image


@dataclass(frozen=True)
class Wiring:
    """What a method makes of a recipe at one size: its networks, and what its scenes offer."""

    maps: Mapping[str, Image]
    conditions: Mapping[str, Image]
    networks: tuple[Network, ...]
    offers: Mapping[str, frozenset[str]]  # player -> names of the scene in that player's turn
    target: str = "target"  # the map that is learned, which no translation has

    @property
    def players(self) -> tuple[str, ...]:
        """Who takes turns, in the order of the networks."""
        return tuple(self.offers)
