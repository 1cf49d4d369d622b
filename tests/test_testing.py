"""Components with a fault each: the kit finds it, and says the right sentence."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from pydantic import Field
from torch import Tensor, nn

from gan_zoo.errors import ContractError, UserError
from gan_zoo.hooks import hookimpl
from gan_zoo.protocols import Term
from gan_zoo.shapes import Image
from gan_zoo.specs import (
    CallbackSpec,
    GeneratorSpec,
    InitSpec,
    LossSpec,
    MetricSpec,
    OptimizerSpec,
    Spec,
)
from gan_zoo.testing import conformance, examine
from gan_zoo.testing.options import choices, variants
from gan_zoo.testing.stand_ins import CriticSpec, PainterSpec, Pictures, PicturesSpec, SourceSpec
from gan_zoo.zoo import Zoo

PairedSpec: Any = Zoo.installed().get("method", "paired")

FAULTS: list[tuple[type[Spec], str, str]] = []


def fault(title: str, sentence: str) -> Callable[[type[Spec]], type[Spec]]:
    """The check that fails on a spec, and words of what it says."""

    def add(spec: type[Spec]) -> type[Spec]:
        FAULTS.append((spec, title, sentence))
        return spec

    return add


# ---------------------------------------------------------------------------------- every kind


class Sound(PainterSpec, name="sound"):
    """A generator without a fault."""


@fault("documented options", "the option width of Undocumented")
class Undocumented(PainterSpec, name="faulty"):
    """A generator."""

    width: int = 4


@fault("documented options", "looked for the docstring of Silent")
class Silent(PainterSpec, name="faulty"):
    pass


@fault("schema round trip", "Demanding.example()")
class Demanding(PainterSpec, name="faulty"):
    """A generator that needs to be told its width."""

    width: int
    """Channels."""

    @classmethod
    def example(cls) -> Demanding:
        return cls()  # type: ignore[call-arg]


@fault("schema round trip", "keep every option in the dump")
class Forgetful(PainterSpec, name="faulty"):
    """A generator."""

    width: int = Field(4, exclude=True)
    """Lost when a run saves its recipe."""


@fault("no option is ignored", "built it with width: 4 and with width: 5")
class Ignoring(PainterSpec, name="faulty"):
    """A generator."""

    width: int = Field(4, ge=1)
    """Of no use."""


@fault("no option is ignored", "built it with norm: instance and with norm: none")
class Confusing(PainterSpec, name="faulty"):
    """A generator with two words for one thing."""

    norm: Literal["batch", "instance", "none"] = "batch"
    """The norm."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        if self.norm == "batch":
            return nn.Sequential(nn.BatchNorm2d(given.channels), *super().build(given, wanted))
        return super().build(given, wanted)


@fault("no option is ignored", "give examples: Field")
class Untypical(PainterSpec, name="faulty"):
    """A generator with an option of a type that nobody can guess values of."""

    widths: dict[str, int] = Field(default_factory=dict)
    """Channels by level."""


# ---------------------------------------------------------------------------------- networks


class Wrapped(nn.Module):
    """A network with something done before or after it."""

    def __init__(
        self,
        network: nn.Module,
        *,
        after: Callable[[Any], Any] = lambda made: made,
        before: Callable[[Tensor], Tensor] = lambda x: x,
    ) -> None:
        super().__init__()
        self.network, self.after, self.before = network, after, before

    def forward(self, *inputs: Tensor) -> Any:
        return self.after(self.network(self.before(inputs[0]), *inputs[1:]))


def painting(**how: Any) -> Callable[[Any, Image, Image], nn.Module]:
    """A build() that does something wrong around a sound generator."""

    def build(self: Any, given: Image, wanted: Image) -> nn.Module:
        return Wrapped(PainterSpec().build(given, wanted), **how)

    return build


@fault(
    "contract over odd sizes", "came:     3x31x31\n  expected: 3x32x32, as the size of its input"
)
class Smaller(PainterSpec, name="faulty"):
    """A generator that loses the last row and column."""

    build = painting(after=lambda made: made[..., :-1, :-1])


@fault("contract over odd sizes", "let check() accept what works")
class Squeamish(PainterSpec, name="faulty"):
    """A generator that refuses what it can do."""

    def check(self, given: Image, wanted: Image) -> None:
        if wanted.height is not None and wanted.height % 2:
            raise ContractError("the height is odd; use an even one")

    def multiple(self) -> int:
        return 2


@fault("contract over odd sizes", "correct views() says, or refuse these shapes in check()")
class Lying(CriticSpec, name="faulty"):
    """A discriminator whose views are not what it says."""

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        return [
            [image.with_channels(image.channels + 1) for image in super().views(given, wanted)[0]]
        ]


@fault("contract over odd sizes", "called with a batch of 1 (narrow: True, ")
class SometimesLying(CriticSpec, name="faulty"):
    """A discriminator whose option changes what it makes and not what it says."""

    narrow: bool = False
    """Leave the second scale out."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        narrow = self.narrow
        network = super().build(given, wanted)
        return Wrapped(network, after=lambda views: views[:1] if narrow else views)


@fault("unknown sizes pass", "TypeError")
class Presuming(PainterSpec, name="faulty"):
    """A generator that thinks all sizes are known."""

    def check(self, given: Image, wanted: Image) -> None:
        if wanted.height < 1:  # type: ignore[operator]
            raise ContractError("no picture; use one")


@fault("multiple is the smallest step", "accepted: 5")
class Wasteful(PainterSpec, name="faulty"):
    """A generator that asks for more padding than it needs."""

    def multiple(self) -> int:
        return 4


@fault("pictures stay in range", "end with torch.tanh")
class Glaring(PainterSpec, name="faulty"):
    """A generator without an end to its values."""

    build = painting(after=lambda made: 3 * made)


@fault("every channel of the condition counts", "channels [0] of the condition do not matter")
class Blind(PainterSpec, name="faulty"):
    """A generator that does not look at its first channel."""

    build = painting(before=lambda x: torch.cat([0 * x[:, :1], x[:, 1:]], dim=1))


@fault("inputs stay as they are", "they were changed in place")
class Careless(PainterSpec, name="faulty"):
    """A generator that changes its input."""

    build = painting(before=lambda x: x.mul_(0.5))


@fault("forward and backward in both memory formats", "use gan_zoo.layers.InstanceNorm")
class Framework(PainterSpec, name="faulty"):
    """A generator with the framework's instance norm."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        first, *rest = PainterSpec().build(given, wanted)  # type: ignore[misc]
        return nn.Sequential(first, nn.InstanceNorm2d(4), *rest)


@fault("forward and backward in both memory formats", "batch 1, float64 (norm: True")
class SometimesFramework(Framework, name="faulty"):
    """A generator with the framework's instance norm, if asked for it."""

    norm: bool = False
    """Whether there is a norm."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return super().build(given, wanted) if self.norm else PainterSpec().build(given, wanted)


@fault("every parameter gets a gradient", "no gradient reaches spare.weight, spare.bias")
class Spare(PainterSpec, name="faulty"):
    """A generator with a layer too many."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        network = Wrapped(PainterSpec().build(given, wanted))
        network.spare = nn.Linear(2, 2)
        return network


@fault("every parameter gets a gradient", "frozen in build")
class Frozen(PainterSpec, name="faulty"):
    """A generator that chooses itself what learns."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        network = PainterSpec().build(given, wanted)
        network[0].requires_grad_(False)  # type: ignore[operator]
        return network


@fault("weights survive a round trip", "register what the output depends on")
class Secretive(PainterSpec, name="faulty"):
    """A generator with a number that is not saved."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        secret = torch.rand(()).item()
        return Wrapped(PainterSpec().build(given, wanted), after=lambda made: made * secret)


@fault("weights survive a round trip", "draw noise in training only")
class Noisy(PainterSpec, name="faulty"):
    """A generator that is never sure."""

    build = painting(after=lambda made: made * torch.rand(()))


@fault("equal builds from one seed", "two values of 0.bias")
class Gambling(PainterSpec, name="faulty"):
    """A generator whose weights are drawn elsewhere."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        network = PainterSpec().build(given, wanted)
        nn.init.constant_(network[0].bias, random.random())  # type: ignore[operator]
        return network


@fault("rehearses on the meta device", "no branch on values")
class Curious(PainterSpec, name="faulty"):
    """A generator that looks at its values."""

    build = painting(after=lambda made: made if made.mean().item() < 2 else -made)


@fault("rehearses on the meta device", "override example() with small widths")
class Huge(PainterSpec, name="faulty"):
    """A generator whose example is its default."""

    def build(self, given: Image, wanted: Image) -> nn.Module:
        network = PainterSpec().build(given, wanted)
        return nn.Sequential(
            nn.Conv2d(given.channels, 999, 3, padding=1),
            nn.Conv2d(999, 999, 1),
            nn.Conv2d(999, 999, 1),
            nn.Conv2d(999, given.channels, 1),
            network,
        )


@fault("parts exist and cover", "2.weight is in none")
class Partial(PainterSpec, name="faulty"):
    """A generator with a part, and more."""

    def parts(self) -> Mapping[str, str]:
        return {"first": "0"}


@fault("parts exist and cover", "correct the path in parts()")
class Lost(PainterSpec, name="faulty"):
    """A generator with a part that is nowhere."""

    def parts(self) -> Mapping[str, str]:
        return {"first": "encoder"}


@fault("parts exist and cover", "give the part a head of its own")
class Headless(PainterSpec, name="faulty"):
    """A generator whose playing part makes no picture."""

    def parts(self) -> Mapping[str, str]:
        return {"first": "0", "rest": "2"}

    def plays(self) -> Mapping[str, GeneratorSpec]:
        return {"first": Sound()}


@fault("receptive field is what a logit sees", "it sees 5x5 pixels")
class Boastful(CriticSpec, name="faulty"):
    """A discriminator that sees less than it says."""

    def receptive_field(self) -> int:
        return 7


# ---------------------------------------------------------------------------------- conditions


@fault("gives what it says over odd sizes", "correct gives()")
class Generous(SourceSpec, name="faulty"):
    """A condition that promises a channel more."""

    def gives(self, maps: Mapping[str, Image]) -> Image:
        return maps["source"].with_channels(maps["source"].channels + 1)


@fault("reads what needs says", "it never read target")
class Greedy(SourceSpec, name="faulty"):
    """A condition that asks for more than it reads."""

    def needs(self) -> tuple[str, ...]:
        return ("source", "target")


@fault("reads what needs says", "KeyError: 'source'")
class Sneaky(SourceSpec, name="faulty"):
    """A condition that reads more than it asks for."""

    def needs(self) -> tuple[str, ...]:
        return ("target",)


# ---------------------------------------------------------------------------------- losses


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


# ---------------------------------------------------------------------------------- methods


class Play:
    """The paired method with something changed."""

    def __init__(self, method: Any, change: Callable[[Any], Any]) -> None:
        self.method = method
        self.output = method.output
        self.change = change

    def scene(self, cast: Any, maps: Any) -> Any:
        return self.method.scene(cast, maps)

    def step(self, scenes: Any, turn: Any) -> None:
        self.method.step(scenes, self.change(turn))


class _Deaf:
    """A turn in which nobody learns."""

    def __init__(self, turn: Any) -> None:
        self.turn = turn

    def __enter__(self) -> _Deaf:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def learn(self, scene: Any) -> None:
        pass


@fault("offers what it says", "the discriminator learned nothing")
@fault("a turn moves its player alone", "moved: nothing")
class Unfair(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that leaves the discriminator out."""

    def build(self, recipe: Any) -> Any:
        def deaf(turn: Any) -> Any:
            return lambda name: _Deaf(turn) if name == "discriminator" else turn(name)

        return Play(super().build(recipe), deaf)


@fault("offers what it says", "asked for dream in the discriminator's turn")
class Boasting(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that offers what it has not."""

    def wire(self, recipe: Any, size: Any = None) -> Any:
        wiring = super().wire(recipe, size)
        offers = {player: names | {"dream"} for player, names in wiring.offers.items()}
        return replace(wiring, offers=offers)


@fault("wires the shapes that networks get", "generator got [(2, 32, 44)]")
class Miswired(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that plays with other sizes than it says."""

    def build(self, recipe: Any) -> Any:
        made = super().build(recipe)
        scene = made.scene

        def cut(cast: Any, maps: Any) -> Any:
            return scene(cast, {name: tensor[..., 4:] for name, tensor in maps.items()})

        made.scene = cut
        return made


@fault("micro batches equal one batch", "weights of generator that differ")
class Hasty(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that steps after every micro-batch."""

    def build(self, recipe: Any) -> Any:
        class Hurry(Play):
            def step(self, scenes: Any, turn: Any) -> None:
                for scene in scenes:
                    self.method.step([scene], turn)

        return Hurry(super().build(recipe), lambda turn: turn)


@fault("no gradient leaves a turn", "it reaches generator too")
class Attached(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that shows the discriminator the fake with its graph."""

    def build(self, recipe: Any) -> Any:
        class Bare:
            def __init__(self, turn: Any, first: Any) -> None:
                self.turn, self.first = turn, first

            def __enter__(self) -> Any:
                self.turn.__enter__()
                return self

            def __exit__(self, *error: Any) -> None:
                self.turn.__exit__(*error)

            def learn(self, scene: Any) -> None:
                def views(mine: Any) -> Any:
                    return mine["cast"].play("discriminator", mine["seen"], self.first["fake"])

                self.turn.learn(scene.view({"fake_views": views}))

        class Show(Play):
            def step(self, scenes: Any, turn: Any) -> None:
                self.method.step(scenes, lambda name: Bare(turn(name), scenes[0]))

        return Show(super().build(recipe), lambda turn: turn)


@fault("translates without a target", "KeyError: 'target'")
class Needy(PairedSpec, name="faulty"):  # type: ignore[misc]
    """A method that looks at the target at once."""

    def build(self, recipe: Any) -> Any:
        made = super().build(recipe)
        scene = made.scene
        made.scene = lambda cast, maps: (maps["target"], scene(cast, maps))[1]
        return made


# ---------------------------------------------------------------------------------- learning


class Descent(OptimizerSpec, name="descent"):
    """An optimizer without a fault."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.lr, momentum=0.5)


@fault("the rate is honoured", "groups with the rates [0.1]")
class Rash(OptimizerSpec, name="faulty"):
    """An optimizer with a rate of its own."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=0.1)


@fault("a step moves every parameter", "conv.bias did not move")
class Biased(OptimizerSpec, name="faulty"):
    """An optimizer that takes weights only."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD([p for p in parameters if p.ndim > 1], lr=self.lr)


@fault("state survives a round trip", "keep all state in optimizer.state[parameter]")
class Absentminded(OptimizerSpec, name="faulty"):
    """An optimizer that counts its steps where nobody saves them."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        class Fading(torch.optim.SGD):
            steps = 0

            def step(self, closure: Any = None) -> Any:
                self.steps += 1
                for group in self.param_groups:
                    for parameter in group["params"]:
                        parameter.grad.div_(self.steps)
                return super().step(closure)

        return Fading(parameters, lr=self.lr)


@fault("fills convolutions and leaves strangers", "that layer changed")
class Levelling(InitSpec, name="faulty"):
    """An init that fills whatever it finds."""

    def build(self) -> Callable[[nn.Module], None]:
        def fill(network: nn.Module) -> None:
            for parameter in network.parameters():
                nn.init.normal_(parameter)

        return fill


@fault("equal weights from one seed", "draw from torch's default generator")
class Dicing(InitSpec, name="faulty"):
    """An init with dice of its own."""

    def build(self) -> Callable[[nn.Module], None]:
        def fill(network: nn.Module) -> None:
            for layer in network.modules():
                if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                    nn.init.constant_(layer.weight, random.random())

        return fill


# ---------------------------------------------------------------------------------- watching


class Files(PicturesSpec, name="files"):
    """Data without a fault."""

    workers: int = Field(0, ge=0)
    """None."""


def reading(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """An open() whose samples are changed: (sample, draw) -> sample."""

    class Changed(Pictures):
        def read(self, index: int, draw: Any) -> Any:
            return change(super().read(index, draw), draw)

    def open(self: Any, split: str, size: Any = None) -> Any:
        return Changed(self.maps(size))

    return open


@fault("samples are what maps says", "make maps() and read() agree")
class Grey(PicturesSpec, name="faulty"):
    """Data with a channel less than it says."""

    open = reading(
        lambda sample, draw: replace(
            sample, maps={name: tensor[:1] for name, tensor in sample.maps.items()}
        )
    )


@fault("the draw alone decides", "torch's or numpy's global generator moved")
class Stray(PicturesSpec, name="faulty"):
    """Data that rolls torch's dice."""

    open = reading(
        lambda sample, draw: replace(
            sample,
            maps={n: t.roll(int(torch.randint(9, ())), -1) for n, t in sample.maps.items()},
        )
    )


@fault("the draw alone decides", "two samples")
class Moody(PicturesSpec, name="faulty"):
    """Data that is never the same twice."""

    open = reading(
        lambda sample, draw: replace(
            sample,
            maps={n: t.roll(random.randrange(9), -1) for n, t in sample.maps.items()},
        )
    )


@fault("datasets travel to workers", "hold paths and numbers")
class Rooted(PicturesSpec, name="faulty"):
    """Data that cannot be pickled."""

    open = reading(lambda sample, draw: sample)  # its class is local


@fault("samples have names and files", "a name comes twice")
class Nameless(PicturesSpec, name="faulty"):
    """Data with one name for all."""

    open = reading(lambda sample, draw: replace(sample, name="picture"))


@fault("mistakes are the users", "came:     ZeroDivisionError")
class Brittle(PicturesSpec, name="faulty"):
    """Data that knows one split only."""

    def open(self, split: str, size: Any = None) -> Any:
        1 / (split == "train")
        return super().open(split, size)


class Difference(MetricSpec, name="difference"):
    """A metric without a fault."""

    protocol = "mean of the mean absolute differences, 0 to 255"

    def build(self) -> Any:
        class Mean:
            values: list[float]

            def __init__(self) -> None:
                self.values = []

            def update(self, generated: Tensor, real: Tensor) -> None:
                self.values.append((generated.float() - real.float()).abs().mean().item())

            def compute(self) -> float:
                return float(np.mean(self.values))

        return Mean()


@fault("equal pictures score best", "set lower_is_better")
class Upside(Difference, name="faulty"):
    """A metric that points the wrong way."""

    lower_is_better = False


@fault("equal pictures score best", "came:     an empty text")
class Tacit(Difference, name="faulty"):
    """A metric that does not say how it is computed."""

    protocol = ""


@fault("order does not count", "start build() afresh")
class Sticky(Difference, name="faulty"):
    """A metric that remembers earlier runs."""

    def build(self) -> Any:
        made = super().build()
        made.values = REMEMBERED
        return made


REMEMBERED: list[float] = []


class Bell:
    @hookimpl
    def on_run_end(self, run: Any) -> None:
        """Ring."""


class Misspelt:
    @hookimpl
    def on_run_ends(self, run: Any) -> None:
        """Never called."""


class BellSpec(CallbackSpec, name="bell"):
    """A callback without a fault."""

    def build(self) -> object:
        return Bell()


@fault("hooks are of the lifecycle", "on_run_ends")
class MisspeltSpec(CallbackSpec, name="faulty"):
    """A callback with a misspelt hook."""

    def build(self) -> object:
        return Misspelt()


@fault("hooks are of the lifecycle", "no hook implementation")
class IdleSpec(CallbackSpec, name="faulty"):
    """A callback that hears nothing."""

    def build(self) -> object:
        return object()


@fault("no option is ignored", "built it with loud: False and with loud: True")
class LoudSpec(CallbackSpec, name="faulty"):
    """A callback with an option that it does not use, and an attribute that prints differently."""

    loud: bool = False
    """Of no use."""

    def build(self) -> object:
        bell = Bell()
        bell.clapper = object()  # type: ignore[attr-defined]
        return bell


# ---------------------------------------------------------------------------------- tests


@pytest.mark.parametrize(
    ("spec", "title", "sentence"), FAULTS, ids=[f"{f[0].__name__}: {f[1]}" for f in FAULTS]
)
def test_a_fault_is_found_and_said(spec: type[Spec], title: str, sentence: str) -> None:
    found = examine(spec, title)
    assert title in found, f"{spec.__name__} passed"
    assert sentence in found[title]
    assert "cure:" in found[title]


@pytest.mark.parametrize(
    "spec", [Sound, CriticSpec, SourceSpec, Distance, PairedSpec, Descent, Difference, BellSpec]
)
def test_what_is_sound_passes(spec: type[Spec]) -> None:
    assert examine(spec) == {}


def test_the_stand_in_data_is_sound() -> None:
    assert examine(Files) == {}


class Nested(PainterSpec, name="nested"):
    """One option of every kind of type."""

    word: Literal["a", "b"] = "a"
    """A choice."""
    flag: bool = False
    """A switch."""
    count: int = Field(2, ge=2)
    """A number from 2."""
    share: float = Field(0.5, ge=0, le=1)
    """A part of one."""
    cap: int | None = None
    """A number, or none."""
    pair: tuple[int, int] = (1, 2)
    """Two numbers."""
    inner: GeneratorSpec = Sound()
    """Another component."""
    text: str = Field("x", examples=["y"])
    """A text."""


def test_options_are_varied_within_their_limits() -> None:
    zoo = Zoo.installed()
    spec = Nested()
    tried = {
        option: [
            getattr(other, option)
            for label, other in variants(spec, zoo)
            if label.startswith(f"{option}:")
        ]
        for option in Nested.model_fields
    }
    assert tried["word"] == ["b"]
    assert tried["flag"] == [True]
    assert 3 in tried["count"]
    assert min(tried["count"]) >= 2
    assert all(0 <= value <= 1 and value != 0.5 for value in tried["share"])
    assert 1 in tried["cap"]
    assert (1, 3) in tried["pair"]
    assert "unet" in {type(inner).name for inner in tried["inner"]}
    assert tried["text"][0] == "y"
    assert [choice.distinct for choice in choices(spec, "word", zoo)] == [True]


def test_an_absent_plugin_is_named() -> None:
    with pytest.raises(UserError, match="no plugin 'helo' is installed; there are"):
        conformance("helo")


PLUGIN = '''
import torch
from gan_zoo.hooks import hookimpl
from gan_zoo.specs import LossSpec
from gan_zoo.protocols import Term


class SquareSpec(LossSpec, name="square"):
    """Mean square of the picture."""

    def needs(self):
        return {"generator": frozenset({"fake"})}

    def build(self):
        def square(scene, player):
            if player == "generator":
                yield Term("G_Square", scene["fake"].square().mean(), self.weight)

        return square


class WeightlessSpec(SquareSpec, name="weightless"):
    """The same, whatever the weight."""

    def build(self):
        def square(scene, player):
            if player == "generator":
                yield Term("G_Square", scene["fake"].square().mean())

        return square


@hookimpl
def gan_zoo_components():
    return [SquareSpec, WeightlessSpec]
'''

TEST = """
from gan_zoo.testing import conformance

test_guest = conformance("guest")
"""


def test_two_lines_test_an_installed_plugin(tmp_path: Path) -> None:
    (tmp_path / "gan_zoo_guest.py").write_text(PLUGIN)
    (tmp_path / "test_guest.py").write_text(TEST)
    metadata = tmp_path / "gan_zoo_guest-1.0.dist-info"  # what pip leaves
    metadata.mkdir()
    lines = "Metadata-Version: 2.1\nName: gan-zoo-guest\nVersion: 1.0\n"
    (metadata / "METADATA").write_text(lines)
    (metadata / "entry_points.txt").write_text("[gan_zoo]\nguest = gan_zoo_guest\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", "-k", "weight or torch"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ended.stdout
    assert "test_guest[loss guest/square: weight scales the term] PASSED" in said
    assert "test_guest[loss guest/weightless: weight scales the term] FAILED" in said
    assert "test_guest[plugin guest: no torch at import] FAILED" in said
    assert "loss guest/weightless: weight scales the term\n  done:     computed" in said
    assert "import torch and your modules inside build()" in said
    assert "weight" in said
    assert "Traceback" not in said
