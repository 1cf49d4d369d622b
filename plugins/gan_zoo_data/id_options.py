"""How a recipe says what numbers and colors of label maps mean. No torch here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt, Strict
from pydantic_core import PydanticCustomError

Byte = Annotated[int, Field(ge=0, le=255)]
Color = Annotated[tuple[Byte, ...], Field(min_length=3, max_length=4), Strict(False)]


def _keyed(table: Any) -> Any:
    """Numbers as keys, which `--set` and JSON know as texts only."""
    if not isinstance(table, dict):
        return table
    return {_number(key): value for key, value in table.items()}


def _number(key: Any) -> Any:
    if isinstance(key, str) and key.removeprefix("-").isdecimal():
        return int(key)
    return key


def _different(table: dict[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """Colors of one length, each of which stands for one id."""
    colors = [*table.values()]
    twice = next((color for color in colors if colors.count(color) > 1), None)
    told = ""
    if twice:
        ids = [str(id) for id, color in table.items() if color == twice]
        told = f"the color {list(twice)} came for the ids {' and '.join(ids)}; it stands for one"
    elif len(set(map(len, colors))) > 1:
        told = "colors of three numbers and of four came; give all of them an alpha, or none"
    if told:
        raise PydanticCustomError("palette", "{told}", {"told": told})
    return table


Palette = Annotated[
    dict[NonNegativeInt, Color], BeforeValidator(_keyed), AfterValidator(_different)
]
Remap = Annotated[dict[int | Literal["others"], NonNegativeInt], BeforeValidator(_keyed)]
