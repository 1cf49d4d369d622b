"""What the themes are about: their classes, and how often which kind of scene comes. No numpy.

The class ids are the places in `classes`: stuff first, then things.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["facade", "street"]
Mood = Literal["empty", "crowded", "touching", "apart"]

SPLITS = ("train", "val", "test")  # each is a stream of seeds of its own
MOST = 256  # instance ids in a picture, stuff included; a crowd stays below


@dataclass(frozen=True)
class Theme:
    """The classes of a theme.

    Args:
        stuff: Classes without instances.
        things: Classes whose every piece is an instance.
    """

    stuff: tuple[str, ...]
    things: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """All of them, in the order of their ids."""
        return self.stuff + self.things

    def id(self, name: str) -> int:
        """The id of a class."""
        return self.classes.index(name)


THEMES: dict[ThemeName, Theme] = {
    "facade": Theme(
        ("sky", "ground", "wall", "roof", "cornice"), ("window", "door", "shutter", "balcony")
    ),
    "street": Theme(("sky", "road", "sidewalk", "building"), ("car", "person", "tree", "pole")),
}

EMPTY, CROWDED, TOUCHING = 0.04, 0.01, 1 / 3  # shares; a crowd touches and counts among the last
GOLDEN = 0.6180339887498949


def draw_mood(start: float, index: int) -> Mood:
    """Which kind of scene comes at an index.

    Steps of the golden ratio visit [0, 1) evenly, so that every run of scenes, however short,
    holds the shares as nearly as its length allows.

    Args:
        start: In [0, 1), of the split.
        index: Of the scene.
    """
    place = (start + index * GOLDEN) % 1
    if place < EMPTY:
        return "empty"
    if place < EMPTY + CROWDED:
        return "crowded"
    return "touching" if place < EMPTY + TOUCHING else "apart"
