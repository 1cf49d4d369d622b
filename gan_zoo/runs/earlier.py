"""What the recipe of an earlier run means where it is silent: options that came later have the
value of what was done then, so that the run goes on with its own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gan_zoo.recipe.recipe import Recipe


def options_since(recipe: Recipe) -> dict[str, Any]:
    """The options that a run's recipe does not hold though every run writes all: path -> what was
    done before there was such an option.
    """
    parts: dict[str, BaseModel] = {**recipe.components()}
    parts |= {"engine": recipe.engine, "inference": recipe.inference}
    found: dict[str, Any] = {}
    for path, part in parts.items():
        earlier: Mapping[str, Any] = getattr(part, "earlier", {})
        for option, value in earlier.items():
            if option not in part.model_fields_set:
                found[f"{path}.{option}"] = value
    return found
