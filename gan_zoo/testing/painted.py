"""Pictures for metrics: painted by their own maps of classes and instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.shapes import Image, Values
from gan_zoo.components.spec import Size
from gan_zoo.testing.stand_ins import PicturesSpec

SIZE = (48, 64)  # height and width
BLOCK = 16  # the side of an instance
COLORS = ((200, 60, 60), (60, 180, 80), (70, 90, 210), (220, 210, 90), (40, 40, 40))
GRAIN = 12  # of a picture's texture, 8-bit values


class PaintedSpec(PicturesSpec, name="painted"):
    """Blocks of five classes, each an instance of its class's color, with a grain."""

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """The classes, the instances, and the picture of them. Of both maps of ids there is another
        of its kind, for options that name one.
        """
        height, width = size or SIZE
        ids = {
            "label": Image(1, height, width, classes=len(COLORS)),
            "instance": Image(1, height, width, instances=16),
        }
        others = {f"{name}_other": image for name, image in ids.items()}
        return {**ids, **others, "target": Image(3, height, width)}

    def open(self, split: str, size: Size | None = None) -> Dataset:
        """Other pictures in every split."""
        return Painted(size or SIZE, first={"train": 0, "val": 100}.get(split, 200))


@dataclass(frozen=True)
class Painted:
    """Pictures that follow from their number."""

    size: Size
    first: int

    def __len__(self) -> int:
        return 8

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """A sample."""
        generator = torch.Generator().manual_seed(self.first + index)
        height, width = self.size
        rows, columns = -(-height // BLOCK), -(-width // BLOCK)
        classes = torch.randint(len(COLORS), (rows, columns), generator=generator)
        numbers = torch.arange(rows * columns).reshape(rows, columns) * 1000
        ids = {"label": classes, "instance": numbers}
        ids |= {"label_other": classes.roll(1), "instance_other": numbers // 4}
        maps = {name: _blocks(blocks, height, width) for name, blocks in ids.items()}
        grain = torch.randint(-GRAIN, GRAIN + 1, (3, height, width), generator=generator)
        color = torch.tensor(COLORS)[maps["label"][0].long()].permute(2, 0, 1)
        target = (color + grain).clamp(0, 255).to(torch.uint8)
        return Sample(f"sample-{index}", (f"sample-{index}.png",), {**maps, "target": target})

    def describe(self) -> str:
        """What it is."""
        return "8 painted pictures"


def _blocks(ids: Tensor, height: int, width: int) -> Tensor:
    large = ids.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)
    return large[None, :height, :width].int()


class Seeded:
    """Stands in for a model whose pictures follow from their seed, and colors from drawn styles."""

    inputs: Sequence[str] = ("label",)
    target = "target"
    paired = True
    shapes: Mapping[str, Image] = PaintedSpec().maps()

    def values(self, name: str) -> Values:
        """8-bit pictures."""
        return Values()

    def style_of(self, maps: Mapping[str, Tensor]) -> Any:
        """Its samples have none of their own."""
        return None

    def picture(self, maps: Mapping[str, Tensor], *, seed: int = 0, style: Any = None) -> Tensor:
        """The colors of the label with a grain of the seed; other colors where styles are drawn."""
        generator = torch.Generator().manual_seed(seed)
        label = maps["label"][0].long()
        grain = torch.randint(-GRAIN, GRAIN + 1, (3, *label.shape), generator=generator)
        colors = torch.tensor(COLORS)
        if style == "sample":
            colors = torch.randint(256, colors.shape, generator=generator)
        return (colors[label].permute(2, 0, 1) + grain).clamp(0, 255).to(torch.uint8)
