"""The two directions, in the published program's order. No torch here."""

from __future__ import annotations

from typing import Literal, NamedTuple

Way = Literal["a_to_b", "b_to_a"]


class Direction(NamedTuple):
    """One generator and the discriminator that judges what it makes.

    Args:
        name: Of both networks, behind their sections.
        side: What the published program calls it.
        given: The map that is translated.
        wanted: The map whose kind of picture it makes.
    """

    name: Way
    side: str
    given: str
    wanted: str

    @property
    def generator(self) -> str:
        """The network that makes pictures."""
        return f"generator.{self.name}"

    @property
    def discriminator(self) -> str:
        """The network that judges them."""
        return f"discriminator.{self.name}"

    @property
    def suffix(self) -> str:
        """What the published program adds to the names of its files, as in latest_net_G_A.pth."""
        return f"_{self.side}"

    @property
    def reverse(self) -> Direction:
        """The way back."""
        return B_TO_A if self.name == "a_to_b" else A_TO_B


A_TO_B = Direction("a_to_b", "A", "source", "target")
B_TO_A = Direction("b_to_a", "B", "target", "source")
DIRECTIONS = {direction.name: direction for direction in (A_TO_B, B_TO_A)}
