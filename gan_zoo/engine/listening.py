"""A step in which nobody moves, heard by somebody: what health and the like look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from gan_zoo.components.interfaces import Ear, LossFunction
from gan_zoo.components.scene import Scene
from gan_zoo.engine.turns import Ledger, Player, Turn


class Listener(Turn):
    """A turn in which an ear is told what the player would learn from.

    Args:
        player: Whose turn it is.
        others: The other players, whose parameters rest meanwhile.
        losses: Name -> the losses of the recipe.
        ear: Is told.
    """

    def __init__(
        self,
        player: Player,
        others: Sequence[Player],
        losses: Mapping[str, LossFunction],
        ear: Ear,
    ) -> None:
        super().__init__(player, others, losses, Ledger(), moves=False)
        self._ear = ear

    def _learn(self, scene: Scene, keep: bool) -> None:
        def sums() -> dict[str, Tensor]:
            found: dict[str, Tensor] = {}
            for name, _, value, factor in self._terms(scene):
                scaled = self.player.scaled(value * factor)
                found[name] = found[name] + scaled if name in found else scaled
            return found

        self._ear(self.player.name, scene, sums)
