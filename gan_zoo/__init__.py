"""gan-zoo: the component zoo for conditional image-to-image GANs.

    recipe = gan_zoo.Recipe.load("quickstart", set={"generator.width": 16})
    run = gan_zoo.train(recipe, out="runs/mine")
    picture = gan_zoo.load("runs/mine")("input.png")

Every name is imported when it is first used; `import gan_zoo` alone costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_zoo.check import check
    from gan_zoo.engine.run import resume, train
    from gan_zoo.evaluate import evaluate
    from gan_zoo.recipe.model import Recipe
    from gan_zoo.translate import load

__all__ = ["Recipe", "check", "evaluate", "load", "resume", "train"]

_HOMES = {
    "Recipe": "gan_zoo.recipe.model",
    "load": "gan_zoo.translate",
    "resume": "gan_zoo.engine.run",
    "train": "gan_zoo.engine.run",
}
_MODULES = ("check", "evaluate")  # named as the function that they are for


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"gan_zoo.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gan_zoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Callable(ModuleType):
    """A module that can be called as its function of the same name: gan_zoo.check(recipe)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)


class _Package(ModuleType):
    """Importing a submodule sets it as an attribute here, where a function is expected too."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _MODULES and isinstance(value, ModuleType):
            value.__class__ = _Callable
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
