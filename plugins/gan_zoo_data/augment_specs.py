"""The menu of augmentation: what a recipe may say below `augment`. No torch here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, Strict
from pydantic_core import PydanticCustomError

from gan_zoo.components import Image, near_misses

JOINT = "joint"  # the scope of all maps of a sample together
MOVES = ("horizontal", "vertical", "turns", "scale", "rotate")  # what moves pixels
COLORS = ("brightness", "contrast", "saturation", "hue")
PICTURES = (*COLORS, "noise")  # what ids have none of
OF_COLOR = ("saturation", "hue")  # what only red, green and blue have
HALF = 2  # the smallest factor of a scale is one in this
MOST = 4


def _range(scale: tuple[float, float]) -> tuple[float, float]:
    """Two factors, the smaller one first."""
    low, high = scale
    if not 1 / HALF <= low <= high <= MOST:
        told = f"[{low:g}, {high:g}] came; two factors from {1 / HALF} to {MOST} are expected, the "
        told += "smaller one first, as [0.8, 1.25]"
        raise PydanticCustomError("scale", "{told}", {"told": told})
    return scale


Probability = Annotated[float, Field(ge=0, le=1)]
Strength = Annotated[float, Field(ge=0, le=1)]
Factors = Annotated[tuple[float, float], Strict(False), AfterValidator(_range)]


class Augmentation(BaseModel):
    """How the maps of one scope change from pass to pass. What is not said does not happen."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    horizontal: Probability = 0.0
    """Probability of a mirror image, left for right; jointly it is what `flip` of the data does."""
    vertical: Probability = 0.0
    """Probability of a mirror image, top for bottom."""
    turns: Probability = 0.0
    """Probability of a turn by 90, 180 or 270 degrees, each as often; pictures must be square."""
    scale: Factors | None = None
    """Resize by a factor between these two, then cut out or fill up to the size of before."""
    rotate: float = Field(0.0, ge=0, le=180)
    """Turn by up to so many degrees either way about the middle."""
    brightness: Strength = 0.0
    """Multiply by a factor of 1 - this to 1 + this."""
    contrast: Strength = 0.0
    """Stretch about the mean grey by such a factor."""
    saturation: Strength = 0.0
    """Stretch about each pixel's grey by such a factor."""
    hue: float = Field(0.0, ge=0, le=0.5)
    """Turn the circle of hues by up to this part of it either way."""
    noise: float = Field(0.0, ge=0, le=255)
    """Standard deviation of normal noise, in units of which black to white are 255."""
    cutout: PositiveInt | None = None
    """Side of a square in pixels that shows nothing, somewhere within the picture."""
    fill: Literal["grey", "black", "white"] = "grey"
    """What pictures show in a cutout."""
    ids: Literal["keep", "ignore"] = "keep"
    """What label maps hold where pictures show nothing of the file: their own ids in a cutout and
    mirrored ones beyond an edge, as pictures do (`keep`), or the first of the ignored ids."""

    def said(self) -> dict[str, Any]:
        """What differs from no augmentation."""
        return self.model_dump(exclude_defaults=True)


def refuse_misfit(
    augment: Mapping[str, Augmentation],
    maps: Mapping[str, Image],
    ignored: frozenset[str],
    flip: float,
    sides: tuple[int | None, int | None],
) -> None:
    """Refuse words that maps, the mirror image or the size rule does not take.

    Args:
        augment: Scope -> its words.
        maps: The maps of a sample.
        ignored: Those that may hold an ignored id.
        flip: Probability of a mirror image that the data says beside.
        sides: Height and width in training, where they are known.
    """
    wrong = next(_misfits(augment, maps, ignored), "")
    if flip and (joint := augment.get(JOINT)) and joint.horizontal:
        wrong = "flip and augment.joint.horizontal both mirror the pictures; keep one of them"
    high, wide = sides
    if high and wide and high != wide and any(words.turns for words in augment.values()):
        wrong = (
            f"augment turns pictures by quarters, but they are {high}x{wide} (height x width); "
            f"say `crop: [{min(high, wide)}, {min(high, wide)}]`, or leave `turns` out"
        )
    if wrong:
        raise PydanticCustomError("augment", "{wrong}", {"wrong": wrong})


def _misfits(
    augment: Mapping[str, Augmentation], maps: Mapping[str, Image], ignored: frozenset[str]
) -> Iterator[str]:
    pictures = {n: m for n, m in maps.items() if m.classes is None and m.instances is None}
    for scope, words in augment.items():
        said = words.said()
        if scope != JOINT and scope not in maps:
            near = " or ".join(near_misses(scope, [JOINT, *maps]))
            yield (
                f"augment.{scope}: there is no map {scope}; a scope is {JOINT}, for all maps of a "
                f"sample together, or one of {', '.join(maps)}"
                + f"; did you mean {near}?"
                * bool(near)
            )
            continue
        own = maps if scope == JOINT else {scope: maps[scope]}
        of_scope = {name: pictures[name] for name in own if name in pictures}
        for word in (word for word in PICTURES if word in said and not of_scope):
            yield f"augment.{scope}.{word}: {scope} holds ids, which have no {word}; leave it out"
        for word in (word for word in OF_COLOR if word in said):
            for name, image in of_scope.items():
                if image.channels not in (1, 3):
                    yield (
                        f"augment.{scope}.{word}: {name} has {image.channels} channels, but only "
                        f"red, green and blue have a {word}; leave it out"
                    )
            if of_scope and all(image.channels == 1 for image in of_scope.values()):
                yield f"augment.{scope}.{word}: grey pictures have no {word}; leave it out"
        sides = [side for m in own.values() for side in (m.height, m.width) if side is not None]
        if words.cutout and sides and words.cutout >= min(sides):
            yield (
                f"augment.{scope}.cutout: {words.cutout} came, which is no less than the shorter "
                f"side, {min(sides)}: nothing of it would be left; use a smaller one"
            )
        if words.ids == "ignore" and not ignored & {*own}:
            yield (
                f"augment.{scope}.ids: ignore came, but there is no label map with ignored ids in "
                f"{scope}; say `ignore: [255]` in the data, or leave it out"
            )


def list_remarks(augment: Mapping[str, Augmentation], *, paired: bool) -> list[str]:
    """What is odd, though it may be meant: one map moves and those beside it stay.

    Args:
        augment: Scope -> its words.
        paired: The maps of a sample belong together.
    """
    found = []
    for scope, words in augment.items():
        moves = [word for word in MOVES if word in words.said()]
        if paired and scope != JOINT and moves:
            found.append(
                f"augment.{scope} moves {scope} alone ({', '.join(moves)}): its pixels no longer "
                f"lie on those of the other maps; say it in augment.{JOINT} to move all"
            )
    return found


def describe(augment: Mapping[str, Augmentation]) -> str:
    """What is done, in the words of the recipe; empty where nothing is."""
    told = []
    for scope, words in augment.items():
        values = [f"{word} {_told(value)}" for word, value in words.said().items()]
        if values:
            told.append(f"{scope} by {', '.join(values)}")
    return f"augmented {'; '.join(told)}" if told else ""


def _told(value: Any) -> str:
    return " to ".join(f"{one:g}" for one in value) if isinstance(value, tuple) else f"{value}"
