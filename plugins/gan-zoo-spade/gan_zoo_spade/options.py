"""Words and numbers that the menu and the networks share. No torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    pass


PlainNorm = Literal["batch", "instance"]

KERNEL = 4  # of every convolution of the discriminator
PADDING = 2  # zeros around every layer of it
