"""gan-zoo schema."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer


class Written(StrEnum):
    """What people write."""

    recipe = "recipe"
    ablation = "ablation"


def schema(
    what: Annotated[
        Written, typer.Argument(metavar="WHAT", help="recipe or ablation.")
    ] = Written.recipe,
) -> None:
    """Print the JSON Schema of a recipe or an ablation, for editors."""
    from gan_zoo.ablation.file import AblationFields
    from gan_zoo.recipe.recipe import Recipe
    from gan_zoo.recipe.schema import schema as make
    from gan_zoo.registry.zoo import Zoo

    top = AblationFields if what is Written.ablation else Recipe
    print(json.dumps(make(Zoo.installed(), top), indent=2))
