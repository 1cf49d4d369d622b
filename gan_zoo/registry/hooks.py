"""The two hooks of gan-zoo. A package that implements them and names its module under the
entry-point group ``gan_zoo`` is a plugin; the built-in components come in the same way.

    # pyproject.toml of a plugin
    [project.entry-points.gan_zoo]
    hello = "gan_zoo_hello"
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gan_zoo.components.hooks import hookspec

if TYPE_CHECKING:
    from gan_zoo.components.spec import Spec


@hookspec
def gan_zoo_components() -> Iterable[type[Spec]]:  # type: ignore[empty-body]
    """Return the spec classes of this plugin. No torch may be imported on the way.

    Example:
        >>> @hookimpl
        ... def gan_zoo_components():
        ...     from gan_zoo_hello import EdgesSpec
        ...     return [EdgesSpec]
    """


@hookspec
def gan_zoo_recipes() -> Iterable[Path]:  # type: ignore[empty-body]
    """Return folders of recipe files (``*.yaml``), which can then be run as
    PLUGIN/NAME; the recipes that ship with gan-zoo have bare names.

    Example:
        >>> @hookimpl
        ... def gan_zoo_recipes():
        ...     return [Path(__file__).parent / "recipes"]
    """
