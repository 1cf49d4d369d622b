"""The built-in executors."""

from __future__ import annotations

from gan_zoo.components import Spec, hookimpl
from gan_zoo_executors.specs import LocalSpec


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The menu of specs.py."""
    return [LocalSpec]
