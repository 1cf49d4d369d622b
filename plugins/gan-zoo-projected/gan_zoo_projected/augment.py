"""Augmentation of what one discriminator sees, by draws of its own."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gan_zoo.components import draw_augment


class Augment(nn.Module):
    """Changes every sample by draws of its own (Zhao et al. 2020, sec. 3).

    Condition `B C H W` and picture `B D H W` -> the same shapes. Color changes the picture alone;
    what moves or hides does it to both alike, so that they go on belonging together. In evaluation
    nothing is changed. Draws come from torch's default generator.

    Args:
        changes: What is done, in this order.
    """

    def __init__(self, *, changes: Sequence[str]) -> None:
        super().__init__()
        self.changes = tuple(changes)

    def forward(self, condition: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Change a batch."""
        drawn = draw_augment(self.changes if self.training else (), picture)
        return drawn.condition(condition), drawn.picture(picture)

    def extra_repr(self) -> str:
        """What is done."""
        return ", ".join(self.changes)
