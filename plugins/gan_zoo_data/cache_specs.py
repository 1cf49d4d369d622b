"""How a recipe says where maps are kept, and how much of them. No torch here."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from gan_zoo.components import quoted

Where = Literal["memory", "disk"]


def count_bytes(size: str) -> int:
    """A text as 4GB -> how many bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]i?)?B", size)
    if not found:
        raise _no_size(size)
    number, unit = found.groups(default="")
    return int(float(number) * (1024 if "i" in unit else 1000) ** " KMGT".index(unit[:1] or " "))


def _no_size(came: Any) -> PydanticCustomError:
    """What is told of a size without its unit, with the lines that may be meant."""
    told = f"{quoted(came)} came, but a number with a unit is expected, as 4GB or 500MB"
    number = re.fullmatch(r"\d+(?:\.\d+)?(?:e\+?\d{1,2})?", str(came), re.IGNORECASE)
    if number and not isinstance(came, bool):
        told += f"; write {_with_unit(float(str(came)))}"
    return PydanticCustomError("bytes", "{told}", {"told": told})


def _with_unit(number: float) -> str:
    """What a number may mean: large ones are bytes."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= scale:
            return f"{number / scale:g}{unit}, if bytes are meant"
    return f"{number:g}GB or {number:g}MB, whichever is meant"


def _bytes(size: Any) -> str:
    """A text that means a number of bytes."""
    if not isinstance(size, str):
        raise _no_size(size)
    count_bytes(size)
    return size


Bytes = Annotated[str, BeforeValidator(_bytes)]
