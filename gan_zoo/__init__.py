"""gan-zoo: the component zoo for conditional image-to-image GANs.

    recipe = gan_zoo.Recipe.load("quickstart", set={"generator.width": 16})
    run = gan_zoo.train(recipe, out="runs/mine")
    picture = gan_zoo.load("runs/mine")("input.png")

Every name is imported when it is first used; `import gan_zoo` alone costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_zoo.engine.run import resume, train
    from gan_zoo.recipe.model import Recipe
    from gan_zoo.translate import load

__all__ = ["Recipe", "load", "resume", "train"]

_HOMES = {
    "Recipe": "gan_zoo.recipe.model",
    "load": "gan_zoo.translate",
    "resume": "gan_zoo.engine.run",
    "train": "gan_zoo.engine.run",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gan_zoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
