"""What a caller says of tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from gan_zoo.errors import UserError

Whose = Literal["own", "sampled", "exact"]
WHOSE = ("sampled", "exact", "own")


@dataclass(frozen=True)
class Asked:
    """What a caller says of tiles; None is auto.

    Args:
        tile: The side of a tile.
        overlap: What a tile sees beyond its core, towards each neighbor.
        statistics: Of norms that take their picture's.
    """

    tile: int | None = None
    overlap: int | None = None
    statistics: Whose | None = None

    @classmethod
    def read(cls, tile: Any, overlap: Any, statistics: Any) -> Asked | None:
        """Of the words of a caller: `auto` or numbers; None where no tiles are asked for.

        Raises:
            UserError: they are none of these.
        """
        if tile is None:
            for name, one in (("overlap", overlap), ("statistics", statistics)):
                if one is not None:
                    raise UserError(f"{name}: {one} came, but no tile; say --tile auto too")
            return None
        if statistics is not None and statistics not in WHOSE:
            raise UserError(f"statistics: {statistics} came; sampled, exact or own was expected")
        overlap = "auto" if overlap is None else overlap
        return cls(_number("tile", tile, 1), _number("overlap", overlap, 0), statistics)


def _number(name: str, said: Any, least: int) -> int | None:
    if said == "auto":
        return None
    try:
        found = int(str(said))
    except ValueError:
        found = least - 1
    if found < least:
        raise UserError(f"{name}: {said} came; auto, or a number of pixels, was expected")
    return found
