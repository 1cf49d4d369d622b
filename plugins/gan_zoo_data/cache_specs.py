"""How a recipe says where maps are kept, and how much of them. No torch here."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

Where = Literal["memory", "disk"]


def count_bytes(size: str) -> int:
    """A text as 4GB -> how many bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]i?)?B", size)
    if not found:
        told = f"'{size}' came, but a number with a unit is expected, as 4GB or 500MB"
        raise PydanticCustomError("bytes", "{told}", {"told": told})
    number, unit = found.groups(default="")
    return int(float(number) * (1024 if "i" in unit else 1000) ** " KMGT".index(unit[:1] or " "))


def _bytes(size: str) -> str:
    """A text that means a number of bytes."""
    count_bytes(size)
    return size


Bytes = Annotated[str, AfterValidator(_bytes)]
