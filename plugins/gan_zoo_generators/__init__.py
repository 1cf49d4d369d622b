"""The built-in generators."""

from __future__ import annotations

from gan_zoo.hooks import hookimpl
from gan_zoo.specs import GeneratorSpec
from gan_zoo_generators.specs import (
    EncoderDecoderSpec,
    GlobalSpec,
    LocalEnhancerSpec,
    ResNetSpec,
    TimmUNetSpec,
    UNetSpec,
)


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
