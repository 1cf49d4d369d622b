"""Learning: the method that wires a recipe, its losses, how players step, how networks begin."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec, NetworkSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Size, Spec

if TYPE_CHECKING:
    import torch
    from torch import nn

    from gan_zoo.components.interfaces import LossFunction, Method


# ---------------------------------------------------------------------------------- wiring


@dataclass(frozen=True)
class Parts:
    """The sections of a recipe that methods and losses may read, as they are in one phase.

    Args:
        data, conditions, method, generator, discriminator, losses, optimizers: Those sections.
        size: [height, width] of every sample; None where the data's own rule holds.
        share_views: What the recipe says of it: whether one pass of the discriminator is to serve
            both players.
    """

    data: DataSpec
    conditions: Mapping[str, ConditionSpec]
    method: MethodSpec
    generator: GeneratorSpec
    discriminator: DiscriminatorSpec | None = None
    losses: Mapping[str, LossSpec] = field(default_factory=dict)
    optimizers: Mapping[str, OptimizerSpec] = field(default_factory=dict)
    size: Size | None = None
    share_views: Literal["auto"] | bool = "auto"

    def at(self, size: Size | None) -> Parts:
        """The same at another size."""
        return replace(self, size=size)


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


# ---------------------------------------------------------------------------------- kinds


class MethodSpec(Spec, kind="method"):
    """Which networks exist, what a scene holds, and who takes a turn in which order."""

    foreign: ClassVar[Mapping[str, str]] = {}  # a foreign file's name, as G_A -> its recipe's name
    per_translation: ClassVar[frozenset[str]] = frozenset()  # options that a trained run may change

    @abstractmethod
    def wire(self, parts: Parts) -> Wiring:
        """Derive every shape of the run from the recipe: called once a phase, at its size, and once
        for the recipe's top level, of which the networks are built.

        Raises:
            ContractError: says the cure.
        """

    @abstractmethod
    def build(self, parts: Parts) -> Method:
        """The scenes and turns of one step."""


class LossSpec(Spec, kind="loss"):
    """A scene -> named terms for players. Owns its weight, and says what it needs."""

    per_phase = frozenset({"weight"})
    bounds: ClassVar[bool] = False  # keeps the discriminator's slope within bounds, as penalties do

    weight: float = Field(1.0, ge=0)
    """Factor of the generator's term."""

    @abstractmethod
    def needs(self) -> Mapping[str, frozenset[str]]:
        """Player -> the names of the scene that its terms are made of."""

    def check(self, parts: Parts, wiring: Wiring) -> None:
        """Refuse what the loss cannot work with or beside: called once a phase, and once for the
        recipe's top level. Pure Python.

        Args:
            parts: The sections of the recipe as they are in the phase.
            wiring: What the method makes of them at the phase's size.

        Raises:
            ContractError: says the cure.
        """

    @abstractmethod
    def build(self) -> LossFunction:
        """A function of (scene, player), or a module with fixed features; reads no file."""

    def fetch(self, loss: LossFunction) -> None:
        """Read its fixed weights, at every start of a run: no checkpoint holds them."""


class OptimizerSpec(Spec, kind="optimizer"):
    """How a player's parameters step."""

    lr: float = Field(2e-4, gt=0)
    """Learning rate before the phase's schedule."""

    @abstractmethod
    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimizer over these parameters."""


class InitSpec(Spec, kind="init"):
    """How fresh networks get their first weights."""

    @abstractmethod
    def build(self) -> Callable[[nn.Module], None]:
        """A function that fills a network in place, from torch's default generator."""
