"""The smallest complete plugin of gan-zoo: one loss."""

from collections.abc import Iterable, Mapping
from typing import Any

from gan_zoo.components import LossFunction, LossSpec, Term, hookimpl


class EdgesSpec(LossSpec, name="edges"):
    """Mean absolute difference of the pictures' horizontal and vertical gradients."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        """The generator learns from the picture it made and the real one."""
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        """A function of (scene, player)."""

        def edges(scene: Any, player: str) -> Iterable[Term]:
            if player != "generator":
                return
            error = scene["fake"] - scene["real"]  # B C H W
            across, down = error.diff(dim=-1), error.diff(dim=-2)
            yield Term("G_Edges", across.abs().mean() + down.abs().mean(), self.weight)

        return edges


@hookimpl
def gan_zoo_components() -> list[type[LossSpec]]:
    """What this plugin brings."""
    return [EdgesSpec]
