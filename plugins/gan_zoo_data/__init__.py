"""Built-in data: folders of pictures and maps of ids, tables, a sample that ships along, scenes."""

from __future__ import annotations

from gan_zoo.hooks import hookimpl
from gan_zoo.specs import Spec


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The data of this package."""
    from gan_zoo_data.specs import (
        EmojiSpec,
        LabelFolderSpec,
        ManifestSpec,
        PairedFolderSpec,
        ScenesSpec,
    )

    return [PairedFolderSpec, LabelFolderSpec, ManifestSpec, EmojiSpec, ScenesSpec]
