"""What ids of a map may be, as a recipe says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gan_zoo_data.files.segments import Segments

Color = tuple[int, ...]  # red, green, blue, and alpha where it counts
Others = Literal["others"]


@dataclass(frozen=True)
class Ids:
    """What the ids of a map may be, and how they are got out of its files.

    Args:
        classes: Ids from 0 to less than this; None where any number from 0 is an id.
        ignore: Ids beyond the classes that it may hold as well.
        instances: At most so many different ids in one picture.
        said: The option of the recipe that says so, for messages.
        remap: Pairs of the number in the file and the id that it means; `others` stands for all
            numbers that are not named. All that follows is about the ids that it makes.
        palette: Pairs of an id and a color that stands for it; empty where numbers are ids.
        rgb24: A color is a number: red + 256 green + 65536 blue.
        segments: These numbers are segments, and an id is the category of one.
    """

    classes: int | None = None
    ignore: tuple[int, ...] = ()
    instances: int | None = None
    said: str = ""
    remap: tuple[tuple[int | Others, int], ...] = ()
    palette: tuple[tuple[int, Color], ...] = ()
    rgb24: bool = False
    segments: Segments | None = None

    @property
    def by_color(self) -> bool:
        """Whether colors stand for ids."""
        return bool(self.palette) or self.rgb24

    def option(self, name: str, inside: str) -> str:
        """A mapping as the recipe says it: of this column, where the data has columns."""
        _, _, column = self.said.partition(".")
        return f"{name}: {{{column}: {{{inside}}}}}" if column else f"{name}: {{{inside}}}"


def list_unknown_ids(found: Iterable[int], rule: Ids) -> list[int]:
    """Those of the ids that are neither classes nor ignored."""
    if rule.classes is None:
        return []
    return [int(one) for one in found if one >= rule.classes and one not in rule.ignore]
