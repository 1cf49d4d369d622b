"""A small zoo of its own, so that no message changes when the real one grows. It has contracts, and
nothing of it can be built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveInt

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.learning import (
    InitSpec,
    LossSpec,
    MethodSpec,
    Network,
    OptimizerSpec,
    Parts,
    Wiring,
)
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.shapes import Image, require_halvings
from gan_zoo.components.spec import Size
from gan_zoo.components.watching import CallbackSpec, MetricSpec


def absent(self: object, *arguments: Any) -> Any:
    """Stands for what reading a recipe never calls."""


class FolderSpec(DataSpec, name="folder"):
    """Pictures in a folder."""

    root: str
    """The folder."""
    crop: Size | None = None
    """What is cut out."""

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        return {"source": Image(3), "target": Image(3)}

    open = inputs = absent


class ImageSpec(ConditionSpec, name="image"):
    """A picture."""

    map: str = "source"

    def needs(self) -> tuple[str, ...]:
        return (self.map,)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        return maps[self.map]

    build = absent


class PairedSpec(MethodSpec, name="paired"):
    """Two players."""

    def wire(self, parts: Parts) -> Wiring:
        maps = parts.data.maps(parts.size)
        pair = maps["source"], maps["target"]
        networks = [Network("generator", "generator", parts.generator, *pair)]
        offers = {"generator": frozenset({"fake", "real"})}
        if parts.discriminator:
            networks.append(Network("discriminator", "discriminator", parts.discriminator, *pair))
            views = frozenset({"fake", "real", "fake_views", "real_views"})
            offers = {"generator": views, "discriminator": views}
        return Wiring(maps, {}, tuple(networks), offers)

    build = absent


class UNetSpec(GeneratorSpec, name="unet"):
    """A net."""

    width: PositiveInt = 64
    depth: int = Field(8, ge=2)
    norm: Literal["batch", "instance", "none"] = "batch"
    residual: bool = False

    def check(self, given: Image, wanted: Image) -> None:
        require_halvings(given, self.depth, option="depth")

    def parts(self) -> Mapping[str, str]:
        return {"encoder": "encoder", "decoder": "decoder"}

    build = absent


class ResNetSpec(GeneratorSpec, name="resnet"):
    """Another net."""

    blocks: int = Field(9, ge=1, le=30)

    build = absent


class PatchSpec(DiscriminatorSpec, name="patch"):
    """A judge."""

    per_phase = frozenset({"layers"})
    layers: PositiveInt = 3

    views = receptive_field = build = absent


class SeveralSpec(DiscriminatorSpec, name="several"):
    """A judge that holds another."""

    each: DiscriminatorSpec = PatchSpec()
    scales: PositiveInt = 3

    views = receptive_field = build = absent


class AdversarialSpec(LossSpec, name="adversarial"):
    """The game."""

    form: Literal["vanilla", "least_squares"] = "vanilla"

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"fake_views"}), "discriminator": frozenset({"real_views"})}

    build = absent


class L1Spec(LossSpec, name="l1"):
    """Absolute difference."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"fake", "real"})}

    build = absent


class AdamSpec(OptimizerSpec, name="adam"):
    """Steps."""

    betas: tuple[float, float] = Field((0.5, 0.999), strict=False)

    build = absent


class NormalSpec(InitSpec, name="normal"):
    """Draws."""

    gain: float = Field(0.02, gt=0)

    build = absent


class DifferenceSpec(MetricSpec, name="difference"):
    """Measures."""

    build = absent


class PreviewsSpec(CallbackSpec, name="previews"):
    """Shows."""

    every: PositiveInt = 1

    build = absent


COMPONENTS = (
    FolderSpec,
    ImageSpec,
    PairedSpec,
    UNetSpec,
    ResNetSpec,
    PatchSpec,
    SeveralSpec,
    AdversarialSpec,
    L1Spec,
    AdamSpec,
    NormalSpec,
    DifferenceSpec,
    PreviewsSpec,
)

RECIPE = """\
seed: 1
data: {use: folder, root: pictures, batch: 2}
conditions: {picture: {use: image}}
method: {use: paired}
generator:
  use: unet
  width: 32
discriminator: {use: patch}
losses:
  gan: {use: adversarial}
  l1: {use: l1, weight: 100}
optimizers:
  generator: {use: adam, lr: 2e-4}
  discriminator: {use: adam}
phases:
  main: {epochs: 10}
"""
