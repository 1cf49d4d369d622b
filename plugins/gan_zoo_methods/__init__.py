"""Built-in methods, and the recipes that ship with gan-zoo."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gan_zoo.components import Spec, hookimpl
from gan_zoo_methods.specs import PairedSpec


@hookimpl
def gan_zoo_components() -> Iterable[type[Spec]]:
    """The methods."""
    return [PairedSpec]


@hookimpl
def gan_zoo_recipes() -> Iterable[Path]:
    """The recipes: beside this file in a wheel, at the repository's root in a checkout."""
    here = Path(__file__).resolve().parent
    return [folder for folder in (here / "recipes", here.parents[1] / "recipes") if folder.is_dir()]
