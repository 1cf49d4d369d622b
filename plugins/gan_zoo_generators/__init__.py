"""The built-in generators."""

from __future__ import annotations

from gan_zoo.components import GeneratorSpec, hookimpl
from gan_zoo_generators.residual_specs import GlobalSpec, LocalEnhancerSpec, ResNetSpec
from gan_zoo_generators.unet_specs import EncoderDecoderSpec, TimmUNetSpec, UNetSpec


@hookimpl
def gan_zoo_components() -> list[type[GeneratorSpec]]:
    """The menu of specs.py."""
    return [
        UNetSpec,
        EncoderDecoderSpec,
        ResNetSpec,
        TimmUNetSpec,
        GlobalSpec,
        LocalEnhancerSpec,
    ]
