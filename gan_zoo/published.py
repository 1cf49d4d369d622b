"""Foreign checkpoint layouts, as specs declare them. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Published:
    """A foreign checkpoint layout of one network.

    Args:
        file: the network's name in its file, as G in latest_net_G.pth.
        keys: key in the published file -> key in our state dict.
        options: what the published file's shapes say of our options, by dotted path, for hints on
            a mismatch; nothing where it is another network's file.
        rests: keys in our state dict that the published network has no use for, so that no file
            holds them: what rests where the whole plays.
    """

    file: str
    keys: Mapping[str, str]
    options: Callable[[Mapping[str, tuple[int, ...]]], Mapping[str, Any]]
    rests: frozenset[str] = frozenset()
