"""Conditions: what the networks are shown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from gan_zoo.components.foreign import ReadableCondition
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Spec

if TYPE_CHECKING:
    from torch import nn


class ConditionSpec(ReadableCondition, Spec, kind="condition"):
    """Maps of a sample -> a tensor `B C H W` for the networks; concatenated in recipe order."""

    by_chance: ClassVar[bool] = False  # the same maps make another condition at every call
    exact_in_half: ClassVar[bool] = False  # half holds all its numbers, as 0 and 1: it stays so
    exportable: ClassVar[bool] = False  # torch.export takes its module, for batches of any number

    seen_by: Literal["both", "generator"] = "both"
    """Whether the discriminator sees it too."""

    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """The maps that it reads."""

    def asks(self) -> tuple[str, ...]:
        """Those of them that a translation must give; what it can do without is left out."""
        return self.needs()

    def learns(self) -> bool:
        """Whether it owns parameters, so that phases can train or freeze it."""
        return False

    def styles(self) -> str:
        """Of one that makes something of the target: the map of ids, each of which can be given a
        style in its place. Its module is then a `gan_zoo.components.Styled`. Empty for others."""
        return ""

    @abstractmethod
    def gives(self, maps: Mapping[str, Image]) -> Image:
        """The shape of what it makes.

        Raises:
            ContractError: says the cure.
        """

    @abstractmethod
    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """A module: named maps (pictures as floats in [-1, 1], ids as int64) -> `B C H W`."""

    def playing_part(self, module: nn.Module) -> nn.Module:
        """What plays of the module in a phase, by this spec with the phase's `set` applied. It is
        made of the module's own layers; weights are shared.
        """
        return module
