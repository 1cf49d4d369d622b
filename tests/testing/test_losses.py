"""Faults of losses."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.functional import conv2d

from gan_zoo.components.learning import LossSpec
from gan_zoo.components.scene import Term
from tests.testing.faults import Faults, sound

fault = Faults()


class Distance(LossSpec, name="distance"):
    """Mean absolute difference, without a fault."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> Any:
        def distance(scene: Any, player: str) -> Iterator[Term]:
            if player == "generator":
                yield from self.terms(scene)

        return distance

    def terms(self, scene: Any) -> Iterator[Term]:
        yield Term("G_D", (scene["fake"] - scene["real"]).abs().mean(), self.weight)


@fault("gradients reach the player and nobody else", "nothing reaches generator")
class Detaching(Distance, name="faulty"):
    """A loss that cuts the graph."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield Term("G_D", (scene["fake"].detach() - scene["real"]).abs().mean(), self.weight)


@fault("gradients reach the player and nobody else", "it reaches generator too")
class Meddling(Distance, name="faulty"):
    """A discriminator's loss that makes a picture of its own, with the generator's graph."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"discriminator": frozenset({"fake"})}

    def build(self) -> Any:
        def meddle(scene: Any, player: str) -> Iterator[Term]:
            if player == "discriminator":
                for network in scene["cast"].networks.values():
                    network.requires_grad_(True)
                fake = scene["cast"].play("generator", scene["condition"])
                views = scene["cast"].play("discriminator", scene["seen"], fake)
                yield Term("D", views[0][-1].mean(), self.weight)

        return meddle


@fault("weight scales the term", "or give the weight as Term's factor")
class Weightless(Distance, name="faulty"):
    """A loss that ignores its weight."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield Term("G_D", (scene["fake"] - scene["real"]).abs().mean())


@fault("asks for what needs says", "add condition to needs()['generator']")
class Inquisitive(Distance, name="faulty"):
    """A loss that looks at more than it says."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield Term("G_D", (scene["fake"] - scene["condition"][:, :1]).abs().mean(), self.weight)


@fault("asks for what needs says", "take target out of needs()['generator']")
class Pretending(Distance, name="faulty"):
    """A loss that says more than it looks at."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"fake", "real", "target"})}


@fault("asks for what needs says", "none offers generator: dream")
class Dreaming(Distance, name="faulty"):
    """A loss that nobody can feed."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"dream"})}


@fault("terms are labeled scalars", "G_D more than once")
class Repeating(Distance, name="faulty"):
    """A loss with one label for two terms."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield from (*super().terms(scene), *super().terms(scene))


@fault("terms are labeled scalars", "reduce with mean()")
class Unreduced(Distance, name="faulty"):
    """A loss that is a map."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield Term("G_D", (scene["fake"] - scene["real"]).abs(), self.weight)


@fault("leaves the scene as it is", "real changed in place")
class Spoiling(Distance, name="faulty"):
    """A loss that computes in place."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield Term("G_D", (scene["real"].sub_(scene["fake"].detach()) + scene["fake"]).mean())


@fault("works under autocast", "in torch.bfloat16")
class Rounding(Distance, name="faulty"):
    """A loss that computes in the numbers of autocast."""

    def terms(self, scene: Any) -> Iterator[Term]:
        with scene.autocast():
            kernel = scene["real"].new_ones(1, 3, 1, 1) / 3
            grey = [conv2d(scene[name], kernel) for name in ("fake", "real")]
        yield Term("G_D", (grey[0] - grey[1]).abs().mean(), self.weight)


@fault("equal terms from one seed", "remember nothing")
class Whimsical(Distance, name="faulty"):
    """A loss with a whim."""

    def terms(self, scene: Any) -> Iterator[Term]:
        whim = random.random()
        yield Term("G_D", whim * (scene["fake"] - scene["real"]).abs().mean(), self.weight)


@fault("equal gradients in both memory formats", "avoid .view and .flatten on strides")
class Stepping(Distance, name="faulty"):
    """A loss that reads memory as it lies there."""

    def terms(self, scene: Any) -> Iterator[Term]:
        fake = scene["fake"]
        flat = fake.as_strided((fake.numel(),), (1,))
        rising = torch.linspace(0, 1, len(flat), dtype=flat.dtype, device=flat.device)
        yield Term("G_D", (flat * rising).mean() + 0 * scene["real"].mean(), self.weight)


@fault("rehearses on the meta device", "no branch on values")
class Deciding(Distance, name="faulty"):
    """A loss that looks at its value."""

    def terms(self, scene: Any) -> Iterator[Term]:
        far = (scene["fake"] - scene["real"]).abs().mean()
        yield Term("G_D", far if far.item() < 9 else far.sqrt(), self.weight)


@fault("holds nothing that learns", "network.weight asks for gradients")
class Learning(Distance, name="faulty"):
    """A loss that brings a network along."""

    def build(self) -> Any:
        terms = self.terms

        class Module(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = nn.Conv2d(3, 3, 1)

            def forward(self, scene: Any, player: str) -> list[Term]:
                return list(terms(scene)) if player == "generator" else []

        return Module()


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(Distance)
