"""The sizes that structural similarity needs. No torch."""

from __future__ import annotations

from gan_zoo.components import format_size

WINDOW = 11  # pixels of a side, as published
EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # finest scale first, as published


def least_side(scales: int) -> int:
    """The shortest side that has a whole window at the coarsest scale."""
    return WINDOW << (scales - 1)  # halved between scales


def most_scales(side: int) -> int:
    """How many scales fit into a side; 0 where no window does."""
    return min(len(EXPONENTS), (side // WINDOW).bit_length())


def describe_lack(size: tuple[int, int], scales: int) -> str:
    """What is wrong with pictures that are too small, and the cure; empty where nothing is.

    Args:
        size: [height, width] of the pictures.
        scales: How many are wanted.
    """
    least, fitting = least_side(scales), most_scales(min(size))
    if min(size) >= least:
        return ""
    told = f"a picture of {format_size(size)} came; sides of {least} or more are needed"
    told += f" for {scales} scales" if scales > 1 else ""
    cure = f"set scales to {fitting}, or leave it out" if fitting else "leave it out"
    return f"{told}, as the window is {WINDOW} pixels wide. Use larger pictures, or {cure}"
