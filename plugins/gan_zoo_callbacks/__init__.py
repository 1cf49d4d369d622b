"""Built-in callbacks."""

from __future__ import annotations

from collections.abc import Iterable

from gan_zoo.components import Spec, hookimpl
from gan_zoo_callbacks.specs import AverageSpec, HealthSpec, PreviewsSpec


@hookimpl
def gan_zoo_components() -> Iterable[type[Spec]]:
    """The callbacks."""
    return [PreviewsSpec, AverageSpec, HealthSpec]
