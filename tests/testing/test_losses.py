"""Faults of losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from gan_zoo.protocols import Term
from gan_zoo.specs import LossSpec
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


@fault("terms are labelled scalars", "G_D more than once")
class Repeating(Distance, name="faulty"):
    """A loss with one label for two terms."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield from (*super().terms(scene), *super().terms(scene))


@fault("terms are labelled scalars", "reduce with mean()")
class Unreduced(Distance, name="faulty"):
    """A loss that is a map."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield Term("G_D", (scene["fake"] - scene["real"]).abs(), self.weight)


@fault("leaves the scene as it is", "real changed in place")
class Spoiling(Distance, name="faulty"):
    """A loss that computes in place."""

    def terms(self, scene: Any) -> Iterator[Term]:
        yield Term("G_D", (scene["real"].sub_(scene["fake"].detach()) + scene["fake"]).mean())


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
