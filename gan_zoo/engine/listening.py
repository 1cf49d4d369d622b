"""A step in which nobody moves, heard by somebody: what health and the like look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from torch import Tensor

from gan_zoo.components.interfaces import Ear, LossFunction
from gan_zoo.components.scene import Scene
from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.player import Player
from gan_zoo.engine.turns import Turn, added


class Listener(Turn):
    """A turn in which an ear is told what the player would learn from.

    Args:
        player: Whose turn it is.
        losses: Name -> the losses of the recipe.
        ear: Is told.
        casts: As a turn's.
    """

    def __init__(
        self,
        player: Player,
        losses: Mapping[str, LossFunction],
        ear: Ear,
        casts: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        super().__init__(player, losses, Ledger(), moves=False, casts=casts)
        self._ear = ear

    def _learn(self, scene: Scene, keep: bool) -> None:
        def sums() -> dict[str, Tensor]:
            totals = {name: added(self._terms(name, scene)) for name in self.losses}
            scaled = self.player.scaled
            return {name: scaled(total) for name, total in totals.items() if total is not None}

        self._ear(self.player.name, scene, sums)
