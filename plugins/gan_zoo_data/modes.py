"""How a recipe says what the files of a picture are: a word, or a mapping. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    Strict,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gan_zoo.components import Values

MEANT: dict[str, str | int] = {  # what other programs call a mode
    **dict.fromkeys(("gray", "grayscale", "greyscale", "l", "mono"), "grey"),
    **dict.fromkeys(("color", "colour", "bgr"), "rgb"),
    "la": 2,
}
COUNTS = {"grey": 1, "rgb": 3, "rgba": 4, "cmyk": 4}
PLAIN = (0.0, 255.0)
WHOLE = {  # types of whole numbers, the smallest first: the lowest and highest that they hold
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
}

Type = Literal[
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
]
Word = Literal["rgb", "grey", "rgba", "cmyk"] | Annotated[int, Field(ge=1)]


def _named(value: Any) -> Any:
    """Not a number, as a word: it equals itself, and every format writes it."""
    if isinstance(value, str) and value.lower() in ("nan", ".nan"):
        return "nan"
    return "nan" if isinstance(value, float) and isnan(value) else value


class Reading(BaseModel):
    """How the files of a picture are read, where a word does not say all of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    mode: Word
    """What the channels are: rgb, grey, rgba, cmyk, or how many there are."""
    range: Annotated[tuple[FiniteFloat, FiniteFloat], Strict(False)] | None = None
    """[low, high]: the numbers of the files that are -1 and 1 to networks. What lies beyond is
    clipped. Without it files have 8 bits."""
    nodata: Annotated[float | Literal["nan"] | None, BeforeValidator(_named)] = None
    """The number of pixels that show nothing, or nan; they become `low`."""
    dtype: Type | None = None
    """The type that outputs are written in; that of the first training file if absent."""
    orient: Literal["exif"] | None = None
    """exif: turn pixels as the file's EXIF tag says. Without it such files are refused."""

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        if self.range is None:
            for option in ("nodata", "dtype"):
                if getattr(self, option) is not None:
                    told = f"{option} goes with a range: [low, high]"
                    raise PydanticCustomError("range", "{told}", {"told": told})
        elif self.range[0] >= self.range[1]:
            low, high = self.range
            told = f"[{low:g}, {high:g}] came; the low must lie below the high"
            raise PydanticCustomError("range", "{told}", {"told": told})
        return self

    def plain(self, dtype: str) -> bool:
        """Whether files of that type stay the numbers 0 to 255 that they are."""
        return self.range is None or (
            self.range == PLAIN and dtype == "uint8" and self.dtype in ("uint8", None)
        )

    @property
    def missing(self) -> float | None:
        """The number of pixels that show nothing."""
        return float("nan") if self.nodata == "nan" else self.nodata


def _one_mistake(value: Any, handler: Any) -> Any:
    """A wrong mode is one mistake, not one for each way of saying a mode."""
    try:
        return handler(value)
    except ValidationError as problem:
        told = _of_mapping(value) if isinstance(value, Mapping) else _of_word(value)
        raise PydanticCustomError("mode", "{told}", {"told": told or str(problem)}) from None


def _of_word(value: Any) -> str:
    hint = ""
    if isinstance(value, str):
        word = value.lower().strip()
        meant = MEANT.get(word, word if word in COUNTS or word.isdecimal() else "")
        hint = f"; did you mean {meant}?" if meant else ""
    return f"a mode is rgb, grey, rgba, cmyk, or the number of channels of the files{hint}"


def _of_mapping(value: Mapping[str, Any]) -> str:
    """What is wrong with a mapping, all of it."""
    try:
        Reading.model_validate(dict(value))
    except ValidationError as problem:
        wrong: dict[str, None] = {}
        for error in problem.errors():
            key = str(error["loc"][0]) if error["loc"] else ""
            if key == "mode" and key in value:
                wrong[_of_word(value["mode"])] = None
            elif error["type"] == "extra_forbidden":
                wrong[f"{key} is unknown; there are {', '.join(Reading.model_fields)}"] = None
            elif error["type"] == "missing":
                wrong["mode is missing: {mode: rgb, ...}"] = None
            else:
                wrong[f"{key}{': ' * bool(key)}{error['msg']}"] = None
        return "; ".join(wrong)
    return ""


Mode = Annotated[Word | Reading, WrapValidator(_one_mistake)]


def reading_of(mode: Mode) -> Reading:
    """All of it, where only a word was said."""
    return mode if isinstance(mode, Reading) else Reading(mode=mode)


def word_of(mode: Mode) -> Word:
    """The word of a mode."""
    return mode.mode if isinstance(mode, Reading) else mode


def channels_of(mode: Mode) -> int:
    """Channels of a picture of that mode."""
    word = word_of(mode)
    return COUNTS[word] if isinstance(word, str) else word


def values_of(mode: Mode, dtype: str | None = None) -> Values:
    """What the numbers of a picture mean in its files.

    Args:
        mode: Its mode.
        dtype: The type of its files; the smallest that holds the range, if nobody knows.
    """
    word, reading = word_of(mode), reading_of(mode)
    colors: Any = word if isinstance(word, str) else ""
    if reading.range is None:
        return Values(colors=colors)
    low, high = reading.range
    return Values(
        reading.dtype or dtype or _smallest(low, high), low, high, reading.missing, colors
    )


def is_open(mode: Mode) -> bool:
    """Whether the type of outputs depends on the files."""
    reading = reading_of(mode)
    return reading.range is not None and reading.dtype is None


def with_type(mode: Mode, dtype: str | None) -> Mode:
    """The same with the type of outputs settled, where that is open."""
    if dtype is None or not is_open(mode):
        return mode
    return Reading.model_validate({**reading_of(mode).model_dump(), "dtype": dtype})


def write_mode(mode: Mode, word: Word | None = None, **more: Any) -> str:
    """A mode as a recipe says it, with another word or with more said of it."""
    said = {**reading_of(mode).model_dump(exclude_none=True), **more}
    said["mode"] = word or said["mode"]
    if list(said) == ["mode"]:
        return str(said["mode"])
    return "{" + ", ".join(f"{key}: {_written(value)}" for key, value in said.items()) + "}"


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    return write_number(value) if isinstance(value, float) else str(value)


def write_number(value: float) -> str:
    """A number as people write it: whole ones without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.9g}"


def _smallest(low: float, high: float) -> str:
    """The smallest type that holds a range."""
    for name, (least, most) in WHOLE.items():
        if low.is_integer() and high.is_integer() and least <= low and high <= most:
            return name
    return "float32"
