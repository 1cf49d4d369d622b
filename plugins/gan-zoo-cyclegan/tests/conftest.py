from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo import Recipe
from gan_zoo_cyclegan.data_specs import TINY

Make = Callable[..., Recipe]

SMALL = {
    "data.root": str(TINY),
    "data.load": [18, 18],
    "data.crop": [16, 16],
    "data.workers": 0,
    "generator.width": 2,
    "generator.blocks": 1,
    "discriminator.width": 2,
    "discriminator.layers": 1,
    "engine.device": "cpu",
    "callbacks.previews": None,
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds; deselect with -m 'not slow'")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)  # everything here is tiny; more would wait for each other


@pytest.fixture
def tiny() -> Make:
    """The recipe with networks of a few channels, on disks and squares."""

    def make(set: Mapping[str, Any] | None = None) -> Recipe:
        return Recipe.load("cyclegan/cyclegan", set={**SMALL, **(set or {})})

    return make


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        half: list[nn.Module] = [
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        ]
        again = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width)]
        self.conv_block = nn.Sequential(*half, nn.ReLU(), *again)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = x + self.conv_block(x)
        return made


class Generator(nn.Module):
    """The published ResNet with instance norm, in one flat sequence, with `blocks` blocks."""

    def __init__(self, width: int, blocks: int, *, channels: int = 3, made: int = 3) -> None:
        super().__init__()
        h = width
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(channels, h, 7)]
        layers += [nn.InstanceNorm2d(h), nn.ReLU()]
        for n in (h, 2 * h):
            layers += [nn.Conv2d(n, 2 * n, 3, 2, 1), nn.InstanceNorm2d(2 * n), nn.ReLU()]
        layers += [Block(4 * h) for _ in range(blocks)]
        for n in (4 * h, 2 * h):
            up = nn.ConvTranspose2d(n, n // 2, 3, 2, 1, 1)
            layers += [up, nn.InstanceNorm2d(n // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(h, made, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.model(x)
        return made


class Discriminator(nn.Module):
    """The published PatchGAN with instance norm, on pictures alone."""

    def __init__(self, width: int, layers: int, *, channels: int = 3) -> None:
        super().__init__()
        made: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        n = width
        for i in range(1, layers + 1):
            wider = width * min(2**i, 8)
            conv = nn.Conv2d(n, wider, 4, 2 if i < layers else 1, 1)
            made += [conv, nn.InstanceNorm2d(wider), nn.LeakyReLU(0.2)]
            n = wider
        self.model = nn.Sequential(*made, nn.Conv2d(n, 1, 4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.model(x)
        return made


@pytest.fixture(scope="session")
def plain() -> SimpleNamespace:
    """The published networks, written from their layout in plain torch."""
    return SimpleNamespace(Generator=Generator, Discriminator=Discriminator)


@pytest.fixture(scope="session")
def published() -> Callable[..., dict[str, dict[str, Tensor]]]:
    """The weights of an assembly under the published keys, by the name in the file."""

    def state(recipe: Recipe, networks: Mapping[str, nn.Module]) -> dict[str, dict[str, Tensor]]:
        found = {}
        for network in recipe.method.wire(recipe.parts()).networks:
            (layout,) = network.spec.published(network.given, network.wanted)
            ours = networks[network.name].state_dict()
            theirs = {key: ours[mine].clone() for key, mine in layout.keys.items()}
            found[f"{layout.file}{network.suffix}"] = theirs
        return found

    return state
