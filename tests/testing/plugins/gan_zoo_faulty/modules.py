"""What the specs build. The comments tell the faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gan_zoo.components.scene import Term

if TYPE_CHECKING:
    from gan_zoo.components.scene import Scene


def distance(scene: Scene, player: str) -> Iterator[Term]:
    if player == "generator":
        value = (scene["fake"] - scene["real"]).abs().mean()
        yield Term("G_Distance", value)  # the weight is nowhere


class Detached:
    def __init__(self, *, weight: float) -> None:
        self.weight = weight

    def __call__(self, scene: Scene, player: str) -> Iterator[Term]:
        if player == "generator":
            fake = scene["fake"].detach()  # no gradient comes through here
            yield Term("G_Distance", (fake - scene["real"]).abs().mean(), self.weight)


class Unseeing(nn.Module):
    def __init__(self, *, channels_in: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels_in, 4, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4, 1, 3, padding=1),
        )

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        return [[self.layers(picture)]]  # the condition is not looked at


class Shrinking(nn.Module):
    def __init__(self, *, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.last = nn.Conv2d(channels_in, channels_out, 3)  # without padding: 2 pixels less

    def forward(self, condition: Tensor) -> Tensor:
        return torch.tanh(self.last(condition))


class Overwriting(nn.Module):
    def __init__(self, *, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.last = nn.Conv2d(channels_in, channels_out, 3, padding=1)

    def forward(self, condition: Tensor) -> Tensor:
        condition /= 2  # others read the same tensor
        return torch.tanh(self.last(condition))


class Leaking(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        source, target = maps["source"], maps.get("target")
        if target is None:
            return source
        target *= self.weight  # the target is now the weight's, wherever it is looked at
        return source + target.mean(dim=(1, 2, 3), keepdim=True)
