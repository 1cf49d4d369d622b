"""A small zoo, one recipe of it, and what the contracts say of its changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import pytest
from pydantic import model_validator

from gan_zoo.checks.contracts import contracts
from gan_zoo.components.data import DataSpec
from gan_zoo.components.learning import LossSpec, Parts, Wiring
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image, require_halvings
from gan_zoo.components.spec import Size
from gan_zoo.errors import ContractError
from gan_zoo.recipe.recipe import Recipe, read_source
from gan_zoo.recipe.source import parse_set
from gan_zoo.recipe.validation import RecipeError, parse
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from tests.recipe.small_zoo import (
    AdamSpec,
    AdversarialSpec,
    ImageSpec,
    L1Spec,
    PairedSpec,
    PatchSpec,
    UNetSpec,
    absent,
)


class SquaresSpec(DataSpec, name="squares"):
    """Square pictures."""

    crop: Size | None = None
    scale_width: int | None = None
    bound: int = 9
    narrow: bool = False
    grey: bool = False

    @model_validator(mode="after")
    def _narrow_is_cropped(self) -> Self:
        if self.narrow != (self.crop is not None and self.crop[0] > self.crop[1]):
            raise ValueError("narrow pictures need a crop that is higher than wide")
        return self

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        if self.bound > 99:
            raise ContractError("bound is at most 99", option="bound")
        height, width = size or self.crop or (None, self.scale_width)
        colors = 1 if self.grey else 3
        if size is not None and height != width:
            raise ContractError(f"squares are square, not [{height}, {width}]; use [{width}] * 2")
        return {"source": Image(colors, height, width), "target": Image(1, height, width)}

    open = inputs = absent


class ColorSpec(ImageSpec, name="color"):
    """A picture in color."""

    def gives(self, maps: Mapping[str, Image]) -> Image:
        if maps[self.map].channels != 3:
            raise ContractError(f"{self.map} is grey; use a map in color", option="map")
        return maps[self.map]


class EncodedSpec(ImageSpec, name="encoded"):
    """What a network of its own makes of a picture; a translation need not give it."""

    def asks(self) -> tuple[str, ...]:
        return ()

    def learns(self) -> bool:
        return True


class MaskedSpec(PairedSpec, name="paired"):
    """Two players, and a mask that no data has."""

    masked: bool = False

    def wire(self, parts: Parts) -> Wiring:
        if self.masked:
            raise ContractError("masked needs a map `mask`", option="masked")
        return super().wire(parts)


class GrowingSpec(GeneratorSpec, name="growing"):
    """A net around another."""

    coarse: GeneratorSpec = UNetSpec(depth=4)
    width: int = 8

    def check(self, given: Image, wanted: Image) -> None:
        if self.width % 2:
            raise ContractError(f"width {self.width} is odd; use {self.width + 1}", option="width")
        require_halvings(given, 7, option="width")

    def parts(self) -> Mapping[str, str]:
        return {"coarse": "coarse", "fine": "fine"}

    def plays(self) -> Mapping[str, GeneratorSpec]:
        return {"coarse": self.coarse}

    build = absent


class FeaturesSpec(LossSpec, name="features"):
    """Compares views."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"fake_views", "real_views"})}

    build = absent


class SteepSpec(AdversarialSpec, name="steep"):
    """A game that needs another loss beside it."""

    form: str = "mild"

    def check(self, parts: Parts, wiring: Wiring) -> None:
        if self.form != "mild" and not any(loss.bounds for loss in parts.losses.values()):
            raise ContractError("steep has no bound; add a bound", option="form")


class BoundSpec(FeaturesSpec, name="bound"):
    """Bounds the slope."""

    bounds = True


COMPONENTS = (
    *(SquaresSpec, ImageSpec, ColorSpec, EncodedSpec, MaskedSpec, UNetSpec, GrowingSpec, PatchSpec),
    *(AdversarialSpec, FeaturesSpec, L1Spec, SteepSpec, BoundSpec, AdamSpec),
)
ZOO = Zoo([Plugin("small", "gan-zoo", "1", COMPONENTS)])

RECIPE = """\
data: {use: squares, crop: [256, 256]}
conditions: {picture: {use: image}}
method: {use: paired}
generator:
  use: unet
discriminator: {use: patch}
losses:
  gan: {use: adversarial}
  l1: {use: l1}
optimizers:
  generator: {use: adam}
  discriminator: {use: adam}
phases:
  main: {epochs: 10}
  late: {epochs: 10}
"""


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """What the contracts say of RECIPE with changes."""
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(RECIPE)

    def judge(*changes: str) -> list[str]:
        source = read_source("r.yaml", set=parse_set(changes), zoo=ZOO)
        recipe = parse(Recipe, source, ZOO)
        try:
            contracts(recipe, source, ZOO)
        except RecipeError as error:
            return str(error).split("\n")
        return []

    return judge
