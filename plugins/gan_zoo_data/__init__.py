"""Built-in data: folders of pictures and of ids, tables, saved rows, samples, scenes."""

from __future__ import annotations

from gan_zoo.components import Spec, hookimpl


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The data of this package."""
    from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec
    from gan_zoo_data.hub_specs import HfDatasetSpec
    from gan_zoo_data.shipped_specs import EmojiSpec, ScenesSpec
    from gan_zoo_data.table_specs import ManifestSpec

    return [PairedFolderSpec, LabelFolderSpec, ManifestSpec, HfDatasetSpec, EmojiSpec, ScenesSpec]
