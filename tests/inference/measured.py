"""Data of a stranger whose pictures are measurements: floats in [-1, 1], whatever files hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tifffile
import torch
from torch import Tensor

import gan_zoo
from gan_zoo.components import DataError, DataSpec, Image, Sample, Values
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import TINY

SOURCE = Values("uint16", 0, 4000)


class MeasuredSpec(DataSpec, name="measured"):
    """Eight pairs of measurements; inputs are TIFF files of 16 bits."""

    workers: int = 0
    """None."""
    dtype: str = "uint16"
    """Of the target's files."""
    low: float = 0
    """The number that is -1."""
    high: float = 10_000
    """The number that is 1."""
    nodata: float | None = None
    """Of the target's files."""
    colors: Literal["", "grey", "rgb", "rgba", "cmyk"] = ""
    """Of the target."""
    channels: int = 1
    """Of the target."""
    bands: int = 1
    """Channels of the source."""
    classes: int = 3
    """Of the label."""

    def maps(self, size: Any = None) -> dict[str, Image]:
        height, width = size or (32, 32)
        return {
            "source": Image(self.bands, height, width),
            "label": Image(1, height, width, classes=self.classes),
            "target": Image(self.channels, height, width),
        }

    def values(self, name: str) -> Values:
        if name == "source":
            return SOURCE
        return Values(self.dtype, self.low, self.high, self.nodata, self.colors)

    def open(self, split: str, size: Any = None) -> Any:
        return Measured(self.maps(size), first=len(split), plain=self.values("target").plain)

    def inputs(self, path: Any, *, pairs: bool = False, maps: Sequence[str] | None = None) -> Any:
        path = Path(path)
        files = sorted(path.rglob("*.tif")) if path.is_dir() else [path]
        return Inputs(tuple(files), path if path.is_dir() else path.parent)


@dataclass(frozen=True)
class Measured:
    maps: Any
    first: int
    plain: bool

    def __len__(self) -> int:
        return 8

    def read(self, index: int, draw: Any) -> Sample:
        torch_draw = torch.Generator().manual_seed(self.first * 100 + index)
        made: dict[str, Tensor] = {}
        for name, image in self.maps.items():
            shape = (image.channels, image.height, image.width)
            made[name] = torch.rand(shape, generator=torch_draw) * 2 - 1
        made["label"] = (made["label"] * 1.4999 + 1.5).int()
        if self.plain:
            made["target"] = ((made["target"] + 1) * 127.5).round().byte()
        return Sample(f"sample-{index}", (f"sample-{index}.tif",), made)

    def describe(self) -> str:
        return "8 measurements"


@dataclass(frozen=True)
class Inputs:
    files: tuple[Path, ...]
    folder: Path
    reads: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.files)

    def read(self, index: int, draw: Any) -> Sample:
        self.reads.append(index)
        path = self.files[index]
        try:
            pixels = tifffile.imread(path)
        except (OSError, ValueError) as problem:
            raise DataError(f"{path} cannot be read: {problem}") from problem
        if pixels.dtype != np.uint16:
            raise DataError(f"{path} is {pixels.dtype}; uint16 was expected")
        scaled = torch.from_numpy(pixels.astype(np.float32)) / 2000 - 1
        name = path.relative_to(self.folder).with_suffix("").as_posix()
        return Sample(name, (str(path),), {"source": scaled[None]})

    def describe(self) -> str:
        return f"{len(self)} measurements"


def join(patch: pytest.MonkeyPatch) -> None:
    """Let recipes name it."""
    zoo = Zoo.installed()
    plugin = Plugin("measuring", "measuring", "1", (MeasuredSpec,))
    patch.setattr(Zoo, "installed", staticmethod(lambda: made))
    made = Zoo([*zoo.plugins, plugin])


def trained(out: Path, changes: dict[str, Any] | None = None, **data: Any) -> RunFolder:
    """A run of two steps."""
    said = {"use": "measuring/measured", **data}
    usual = {**TINY, "data": said, "data.workers": 0, "inference": {"norm": "picture"}}
    recipe = Recipe.load("quickstart", set={**usual, **(changes or {})})
    return gan_zoo.train(recipe, out, reporter=Reporter(quiet=True))


def numbers(height: int = 20, width: int = 30, most: int = 4000) -> np.ndarray:
    """A measurement, uint16 `H W`."""
    return np.random.default_rng(height).integers(0, most + 1, (height, width), dtype=np.uint16)
