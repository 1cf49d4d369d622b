"""How a recipe says where the parts of samples lie. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

from gan_zoo.components import quoted

UNJUDGED = "unjudged"  # of earlier runs alone, which took four layouts whatever was in the files


def _one_mistake(value: Any, handler: Any) -> Any:
    """A wrong layout is one mistake, not one for each way of saying a layout."""
    if value == UNJUDGED:
        return value
    try:
        layout = handler(value)
    except ValidationError:
        told = f"{quoted(value)} came; a layout is one of the words for it, or the folder of every "
        told += "part in the root, as {a: 'FOLDER/{split}', b: 'OTHER/{split}'}"
        raise PydanticCustomError("layout", "{told}", {"told": told}) from None
    for part, folder in layout.items() if isinstance(layout, dict) else ():
        inside = PurePosixPath(folder)
        if "{split}" not in folder or inside.is_absolute() or ".." in inside.parts:
            told = (
                f"{part}: {quoted(folder)} came; a folder in the root is expected, with {{split}} "
            )
            told += "in the place of the split, as 'FOLDER/{split}'"
            raise PydanticCustomError("layout", "{told}", {"told": told})
    return layout


def refuse_parts(option: str, parts: dict[str, str], known: Sequence[str]) -> None:
    """Refuse a part of a sample that there is not."""
    if odd := [part for part in parts if part not in known]:
        told = f"{option}: {odd[0]} came; {' and '.join([', '.join(known[:-1]), known[-1]])} have "
        raise PydanticCustomError(option, "{told}", {"told": told + WHAT[option]})


WHAT = {"layout": "folders", "suffixes": "suffixes"}
SideLayout = Annotated[
    Literal["find", "side_by_side"] | dict[str, str], WrapValidator(_one_mistake)
]
MapLayout = Annotated[Literal["find"] | dict[str, str], WrapValidator(_one_mistake)]
