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
    """One network of a run before it is built: who moves it and which shapes it joins.

    Its name is that of the section of the recipe which describes it, as `generator`; where one
    section describes several networks, `generator.NAME` each. `suffix` is what the names of foreign
    checkpoints add to the layout's own, as `_A` in latest_net_G_A.pth.
    """

    name: str
    player: str
    spec: NetworkSpec
    given: Image
    wanted: Image
    suffix: str = ""

    @property
    def section(self) -> str:
        """The section of the recipe that describes it."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Wiring:
    """What a method makes of a recipe at one size: its networks, and what its scenes offer.

    Args:
        maps: Those of the data.
        conditions: Name -> what it makes of the maps.
        networks: All that play, the one that makes a translation first.
        offers: Player -> names of the scene in that player's turn.
        target: The map that is learned, which no translation has.
        inputs: The maps that a translation is made of; those that the conditions ask for if empty.
    """

    maps: Mapping[str, Image]
    conditions: Mapping[str, Image]
    networks: tuple[Network, ...]
    offers: Mapping[str, frozenset[str]]
    target: str = "target"
    inputs: tuple[str, ...] = ()

    @property
    def players(self) -> tuple[str, ...]:
        """Who takes turns, in the order of the networks."""
        return tuple(self.offers)

    def in_section(self, path: str) -> str:
        """A part's path with its section in the place of one network of it: `generator.encoder`
        for `generator.NAME.encoder`.
        """
        for network in self.networks:
            if f"{path}.".startswith(f"{network.name}."):
                return network.section + path.removeprefix(network.name)
        return path
