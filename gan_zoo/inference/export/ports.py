"""What goes into an exported file and comes out of it: names, types, and what the numbers mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.components.pictures import as_8bit
from gan_zoo.components.shapes import Image, Values
from gan_zoo.inference.conversions import PLAIN
from gan_zoo.inference.ranges import from_network
from gan_zoo.inference.translator import Translator

PICTURE, FLOATS = "picture", "floats"


@dataclass(frozen=True)
class Port:
    """One input.

    Args:
        name: As the file calls it.
        shape: In words, `B C H W`.
        dtype: uint8, int32 or float32.
        meaning: One sentence.
        image: Of a map.
        values: What the numbers of a map's files mean.
        styles: The condition whose styles it is; empty for a map.
        slots: Of styles, and of a map of instances that are numbered for them.
        channels: Of styles.
    """

    name: str
    shape: str
    dtype: str
    meaning: str
    image: Image | None = None
    values: Values = PLAIN
    styles: str = ""
    slots: int = 0
    channels: int = 0

    @property
    def numbered(self) -> bool:
        """Whether it holds instances that are numbered from 0 in every picture."""
        return bool(self.slots and not self.styles)

    def described(self) -> dict[str, str]:
        """For whoever reads the file."""
        return {
            "name": self.name,
            "type": self.dtype,
            "shape": self.shape,
            "meaning": self.meaning,
        }

    def example(self, batch: int, height: int, width: int) -> Tensor:
        """A tensor that the port takes."""
        seeded = torch.Generator().manual_seed(height)
        if self.styles:
            return torch.rand(batch, self.slots, self.channels, generator=seeded) * 2 - 1
        assert self.image is not None
        size = batch, self.image.channels, height, width
        if self.image.ids:
            most = self.image.classes or self.image.instances or 1
            return torch.randint(0, most, size, generator=seeded, dtype=torch.int32)
        if self.values.plain:
            return torch.randint(0, 256, size, generator=seeded, dtype=torch.uint8)
        return from_network(torch.rand(size, generator=seeded) * 2 - 1, _range(self.values))

    def read(self, given: Tensor) -> Tensor:
        """What came -> as the engine receives maps: uint8, floats in [-1, 1], ids. In a graph."""
        values = self.values
        if self.image is None or self.image.ids:
            return given
        if values.nodata is not None:
            none = _none(given, values)
            given = torch.where(none, torch.full_like(given, values.low), given)
        if values.plain:
            return given
        clipped = given.clamp(values.low, values.high)
        return (clipped - values.low) / (values.high - values.low) * 2 - 1

    def write(self, known: Tensor) -> np.ndarray:
        """A map as datasets read it, or styles -> an array that the port takes."""
        if self.styles or (self.image is not None and not self.image.ids and self.values.plain):
            return known.numpy()
        if self.image is not None and self.image.ids:
            return known.to(torch.int32).numpy()
        return from_network(known, _range(self.values)).float().numpy()


def list_ports(model: Translator) -> list[Port]:
    """The inputs of a model's file: its maps, then the styles of the conditions that take some."""
    maps = {name: _map(name, model) for name in model.inputs}
    styles = []
    for name, over in model.stylist.id_maps.items():
        shape = model.shapes[over]
        slots = shape.instances or shape.classes or 0
        channels = model.recipe.conditions[name].gives(model.shapes).channels
        if shape.instances is not None:
            maps[over] = replace(
                maps[over],
                slots=slots,
                meaning=f"ids of instances, numbered from 0 in every picture to less than {slots}: "
                "numpy.unique(ids, return_inverse=True)[1] numbers them",
            )
        styles.append(
            Port(
                f"styles_{name}",
                "B S C",
                "float32",
                f"what conditions.{name} is told in place of the target: {channels} numbers in "
                f"[-1, 1] for every id of {over}; zeros where nothing is known",
                styles=name,
                slots=slots,
                channels=channels,
            )
        )
    return [*maps.values(), *styles]


def list_outputs(model: Translator, ports: list[Port]) -> list[dict[str, str]]:
    """What comes out: the picture, then its floats. No output has the name of an input."""
    taken = {port.name for port in ports}
    values = model.values(model.target)
    what = "8 bits" if values.plain else f"the numbers of its files, {values}, neither rounded nor "
    shape = f"B {model.shapes[model.target].channels} H W"
    names = [f"made_{name}" if name in taken else name for name in (PICTURE, FLOATS)]
    kinds = ["uint8" if values.plain else "float32", "float32"]
    meanings = [
        f"{model.target} in {what}" + "clipped" * (not values.plain),
        "the same in [-1, 1], as the network makes it",
    ]
    return [
        {"name": name, "type": kind, "shape": shape, "meaning": meaning}
        for name, kind, meaning in zip(names, kinds, meanings, strict=True)
    ]


def to_picture(made: Tensor, values: Values) -> Tensor:
    """Floats in [-1, 1] -> the first output. In a graph."""
    if values.plain:
        return as_8bit(made)
    return values.low + (made + 1) / 2 * (values.high - values.low)


def _map(name: str, model: Translator) -> Port:
    image, values = model.shapes[name], model.values(name)
    shape = f"B {image.channels} H W"
    if image.classes is not None:
        also = [*model.data.ignored_ids(name)]
        told = f"ids of classes, 0 to {image.classes - 1}"
        told += f", and {', '.join(map(str, also))} for none" * bool(also)
        return Port(name, shape, "int32", told + _got_by(name, model), image)
    if image.ids:
        told = "ids of instances, any numbers from 0" + _got_by(name, model)
        return Port(name, shape, "int32", told, image)
    if values.plain:
        told = "a picture of 8 bits"
        if values.nodata is not None:
            told += f"; {values.nodata:g} shows nothing"
        return Port(name, shape, "uint8", told, image, values)
    told = f"a picture in the numbers of its files ({values.dtype}), clipped to {values}"
    if values.nodata is not None:
        told += f"; {values.nodata:g} shows nothing"
    return Port(name, shape, "float32", told, image, values)


def _got_by(name: str, model: Translator) -> str:
    """What the numbers of files become ids by; a file takes none but ids."""
    rules = " and ".join(model.data.id_rules(name))
    return f"; those of the data's files become these by {rules} before they come" if rules else ""


def _none(given: Tensor, values: Values) -> Tensor:
    """Which numbers show nothing."""
    said: Any = values.nodata
    if said != said:
        return given.isnan()
    stored = float(np.dtype(values.dtype).type(said)) if values.dtype.startswith("float") else said
    none: Tensor = (given == said) | (given == stored)
    return none


def _range(values: Values) -> tuple[float, float]:
    return values.low, values.high
