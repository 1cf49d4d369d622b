"""Stand-ins for everything that a component under test is not. They are no components of the zoo;
whatever works with them works because it keeps to the contracts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.learning import OptimizerSpec
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Size
from gan_zoo.errors import ContractError

SIZE = (32, 48)  # height and width of the stand-in pictures


class PicturesSpec(DataSpec, name="stand_in"):
    """Eight pairs of random pictures: a source of two channels, a target of three."""

    workers: int = 0
    """None."""

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Both pictures."""
        height, width = size or SIZE
        return {"source": Image(2, height, width), "target": Image(3, height, width)}

    def open(self, split: str, size: Size | None = None) -> Dataset:
        """The same ones in every split."""
        return Pictures(self.maps(size))

    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """The same without the target."""
        made = self.maps()
        wanted = [name for name in made if name != "target"] if maps is None else maps
        return Pictures({name: made[name] for name in wanted})


class LabelledSpec(PicturesSpec, name="labelled"):
    """The same pictures with maps of ids: the classes of pixels, and their instances. Of every map
    but the target there is another of its kind, for options that name one.
    """

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Pictures and ids."""
        maps = super().maps(size)
        like = maps["source"].with_channels(1)
        made = {
            "source": maps["source"],
            "label": replace(like, classes=5),
            "instance": replace(like, instances=8),
        }
        others = {f"{name}_other": image for name, image in made.items()}
        return {**made, **others, "target": maps["target"]}


@dataclass(frozen=True)
class Pictures:
    """Random pictures and ids that follow from their number."""

    maps: Mapping[str, Image]

    def __len__(self) -> int:
        return 8

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """A sample."""
        made = {}
        for place, (name, image) in enumerate(self.maps.items()):
            assert image.size is not None
            generator = torch.Generator().manual_seed(100 * index + place)
            shape = (image.channels, *image.size)
            made[name] = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
            if image.classes:
                made[name] = made[name].int() % image.classes
            elif image.instances:  # any number from 0 is one
                made[name] = made[name].int() % image.instances * 1000
        return Sample(f"sample-{index}", (f"sample-{index}.png",), made)

    def describe(self) -> str:
        """What it is."""
        return "8 pairs of random pictures"


class SourceSpec(ConditionSpec, name="stand_in"):
    """The source as it is."""

    def needs(self) -> tuple[str, ...]:
        """The source."""
        return ("source",)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        """Its shape."""
        return maps["source"]

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Takes the source out of the maps."""
        return Source()


class Source(nn.Module):
    """The source."""

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        """`B C H W`."""
        return maps["source"]


class ScaledSpec(SourceSpec, name="scaled"):
    """The source times a weight that is learned."""

    def learns(self) -> bool:
        """The weight."""
        return True

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        """Takes the source out of the maps and scales it."""
        return Scaled()


class Scaled(nn.Module):
    """The source, scaled."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        """`B C H W`."""
        return maps["source"] * self.weight


class PainterSpec(GeneratorSpec, name="stand_in"):
    """Two convolutions, which keep the size."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """The convolutions."""
        return nn.Sequential(
            nn.Conv2d(given.channels, 4, 3, padding=1),
            nn.Tanh(),
            nn.Conv2d(4, wanted.channels, 3, padding=1),
            nn.Tanh(),
        )


class CriticSpec(DiscriminatorSpec, name="stand_in"):
    """Two scales of one feature map and logits each."""

    def check(self, given: Image, wanted: Image) -> None:
        """There must be something to halve."""
        if any(side is not None and side < 2 for side in (wanted.height, wanted.width)):
            raise ContractError(f"a picture of {wanted} has no half; use one of 2x2 or more")

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        """Both scales keep their size."""
        half = wanted.resized(
            *(None if side is None else side // 2 for side in (wanted.height, wanted.width))
        )
        return [[image.with_channels(c) for c in (4, 1)] for image in (wanted, half)]

    def receptive_field(self) -> int:
        """Of two 3x3 convolutions."""
        return 5

    def build(self, given: Image, wanted: Image) -> nn.Module:
        """A critic."""
        return Critic(given.channels + wanted.channels)


class Critic(nn.Module):
    """Two convolutions a scale."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.features = nn.ModuleList(nn.Conv2d(channels, 4, 3, padding=1) for _ in range(2))
        self.heads = nn.ModuleList(nn.Conv2d(4, 1, 3, padding=1) for _ in range(2))

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Judge a batch at full and at half size."""
        x, views = torch.cat([condition, picture], dim=1), []
        for feature, head in zip(self.features, self.heads, strict=True):
            made = nn.functional.softplus(feature(x))
            views.append([made, head(made)])
            x = nn.functional.avg_pool2d(x, 2)
        return views


class DescentSpec(OptimizerSpec, name="stand_in"):
    """Plain gradient descent, whose steps are the gradients."""

    lr: float = 0.1
    """Step size."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Without momentum."""
        return torch.optim.SGD(parameters, lr=self.lr)
