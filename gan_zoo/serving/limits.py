"""What a service takes at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one service takes at most.

    Args:
        bytes: Of the body of a request, all its parts together.
        pixels: Of a map, as it is padded for the network.
        waiting: Pictures that wait while one is made.
        arriving: Requests whose body is on its way.
        seconds: That a body may take to arrive.
    """

    bytes: int = 32 * 2**20
    pixels: int = 2**24  # 4096 x 4096
    waiting: int = 16
    arriving: int = 64
    seconds: float = 60.0
