"""CycleGAN (Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent
Adversarial Networks").
"""

from __future__ import annotations

from pathlib import Path

from gan_zoo.components import Spec, hookimpl


@hookimpl
def gan_zoo_components() -> list[type[Spec]]:
    """The menus of specs.py and data_specs.py."""
    from gan_zoo_cyclegan.data_specs import UnpairedFolderSpec
    from gan_zoo_cyclegan.specs import CycleSpec, CyclicSpec, IdentitySpec

    return [CyclicSpec, CycleSpec, IdentitySpec, UnpairedFolderSpec]


@hookimpl
def gan_zoo_recipes() -> list[Path]:
    """`cyclegan`."""
    return [Path(__file__).parent / "recipes"]
