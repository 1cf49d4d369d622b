"""Built-in data: folders of paired pictures, and a small sample that ships with gan-zoo."""

from __future__ import annotations

from gan_zoo.hooks import hookimpl
from gan_zoo.specs import Spec


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The data of this package."""
    from gan_zoo_data.specs import EmojiSpec, PairedFolderSpec

    return [PairedFolderSpec, EmojiSpec]
