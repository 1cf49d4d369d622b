"""gan-zoo schema."""

from __future__ import annotations

import json


def schema() -> None:
    """Print the recipe's JSON Schema, for editors."""
    from gan_zoo.recipe.schema import schema as make
    from gan_zoo.registry.zoo import Zoo

    print(json.dumps(make(Zoo.installed()), indent=2))
