"""Built-in data: folders of pictures and maps of ids, tables, a sample that ships along, scenes."""

from __future__ import annotations

from gan_zoo.components import Spec, hookimpl


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The data of this package."""
    from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec
    from gan_zoo_data.shipped_specs import EmojiSpec, ScenesSpec
    from gan_zoo_data.table_specs import ManifestSpec

    return [PairedFolderSpec, LabelFolderSpec, ManifestSpec, EmojiSpec, ScenesSpec]
