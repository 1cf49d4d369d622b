"""The scene graph: what stands where, in coordinates that know no pixels.

x runs from 0 (left) to 1 (right) and y from 0 (top) to 1 (bottom), whatever the size of the
picture; colors are red, green, blue in [0, 1]. A graph is plain data, rendered at any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Color = tuple[float, float, float]
Outline = Literal["box", "ellipse", "arch", "taper"]

PER_CLASS = 1000  # instance ids of a class; see `Object.identity`


class Box(NamedTuple):
    """A rectangle; `right` and `bottom` are where the next one may begin."""

    left: float
    top: float
    right: float
    bottom: float

    def inside(self, left: float, top: float, right: float, bottom: float) -> Box:
        """A box within this one, in fractions of its sides."""
        width, height = self.right - self.left, self.bottom - self.top
        return Box(
            self.left + left * width,
            self.top + top * height,
            self.left + right * width,
            self.top + bottom * height,
        )

    def apart(self, other: Box, gap: float) -> bool:
        """Whether at least `gap` lies between the two, in x or in y."""
        return (
            self.left >= other.right + gap
            or other.left >= self.right + gap
            or self.top >= other.bottom + gap
            or other.top >= self.bottom + gap
        )


class Finish(NamedTuple):
    """How a part looks besides its colors.

    Args:
        texture: Amplitudes of the noise: coarse, middle and fine.
        bulge: How much light and shade it shows across itself, as a round thing does.
        gloss: Strength of the slanting reflection, stronger higher up in the picture.
        columns: Upright stripes or joints, so many across the part.
        rows: Lying ones.
        joint: How dark the lines between them are.
        bond: Every other row is shifted by half a column, as bricks are.
    """

    texture: tuple[float, float, float] = (0.04, 0.04, 0.04)
    bulge: float = 0.0
    gloss: float = 0.0
    columns: int = 0
    rows: int = 0
    joint: float = 0.0
    bond: bool = False


PLAIN = Finish()


@dataclass(frozen=True)
class Part:
    """One shape of one look.

    Args:
        box: Where.
        color: At its top.
        foot: At its bottom, blended in between; None is the same color.
        outline: Its shape within the box: all of it, the ellipse that fits, a box with a round
            top, or a trapezoid whose top is 5/9 as wide as its bottom.
        finish: Its look besides.
    """

    box: Box
    color: Color
    foot: Color | None = None
    outline: Outline = "box"
    finish: Finish = PLAIN


@dataclass(frozen=True)
class Object:
    """A piece of stuff, or one thing.

    Args:
        kind: Class id.
        number: Which of its class it is; None for stuff, which has no instances.
        depth: The larger is painted over the smaller, and of equals the later over the earlier.
        parts: Its shapes, painted in this order.
        lit: Whether shadows fall on it; the sky takes none.
    """

    kind: int
    number: int | None
    depth: float
    parts: tuple[Part, ...]
    lit: bool = True

    @property
    def identity(self) -> int:
        """Its instance id by the published convention: the class for stuff, and
        class * 1000 + number for things; so class = id if id < 1000 else id // 1000.
        """
        return self.kind if self.number is None else self.kind * PER_CLASS + self.number

    @property
    def box(self) -> Box:
        """What holds all of its parts."""
        lefts, tops, rights, bottoms = zip(*(part.box for part in self.parts), strict=True)
        return Box(min(lefts), min(tops), max(rights), max(bottoms))


class Light(NamedTuple):
    """The light of a whole picture.

    Args:
        side: Where it comes from: -1 left, 1 right.
        warmth: -1 bluish to 1 reddish.
        strength: Factor of every color.
    """

    side: float
    warmth: float
    strength: float


@dataclass(frozen=True)
class Graph:
    """A scene.

    Args:
        objects: Painted by depth; the first of them covers the whole picture.
        light: Its light.
        grain: Seed of its noise.
    """

    objects: tuple[Object, ...]
    light: Light
    grain: int

    @property
    def things(self) -> list[Object]:
        """The objects that are instances."""
        return [item for item in self.objects if item.number is not None]

    @property
    def painted(self) -> list[Object]:
        """Back to front."""
        return sorted(self.objects, key=lambda item: item.depth)
