"""Modes of pictures, as recipes say them. No torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    Field,
    ValidationError,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    pass


MEANT: dict[str, str | int] = {  # what other programs call a mode
    **dict.fromkeys(("gray", "grayscale", "greyscale", "l", "mono"), "grey"),
    **dict.fromkeys(("color", "colour", "bgr"), "rgb"),
    **dict.fromkeys(("rgba", "cmyk"), 4),
    "la": 2,
}


def _one_mistake(value: Any, handler: Any) -> Any:
    """A wrong mode is one mistake, not one for each way of saying a mode."""
    try:
        return handler(value)
    except ValidationError:
        hint = ""
        if isinstance(value, str):
            word = value.lower().strip()
            meant = MEANT.get(word, word if word in ("rgb", "grey", "1", "2", "3", "4") else "")
            hint = f"; did you mean {meant}?" if meant else ""
        elif isinstance(value, int) and value > 4:
            hint = (
                "; more are not read from picture files, but data of your own may give them: "
                "gan-zoo new-plugin NAME --kind data"
            )
        told = f"a mode is rgb, grey, or the number of channels of the files from 1 to 4{hint}"
        raise PydanticCustomError("mode", "{told}", {"told": told}) from None


Mode = Annotated[
    Literal["rgb", "grey"] | Annotated[int, Field(ge=1, le=4)], WrapValidator(_one_mistake)
]


def channels_of(mode: Mode) -> int:
    """Channels of a picture of that mode."""
    return {"rgb": 3, "grey": 1}[mode] if isinstance(mode, str) else mode
