"""Faults of generators."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from gan_zoo.components.foreign import Published
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.errors import ContractError
from gan_zoo.testing import examine
from gan_zoo.testing.stand_ins import PainterSpec
from tests.testing.faults import Faults, Sound, Wrapped, sound

fault = Faults()


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


@fault("every channel that is shown counts", "channel 0 of the condition has no part in it")
class Blind(PainterSpec, name="faulty"):
    """A generator that does not look at its first channel."""

    build = painting(before=lambda x: torch.cat([0 * x[:, :1], x[:, 1:]], dim=1))


@fault("inputs stay as they are", "they were changed in place")
class Careless(PainterSpec, name="faulty"):
    """A generator that changes its input."""

    build = painting(before=lambda x: x.mul_(0.5))


@fault("forward and backward in both memory formats", "use InstanceNorm of gan_zoo.components")
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


class Backbone(nn.Module):
    """A frozen layer with statistics behind one that learns."""

    def __init__(
        self, network: nn.Module, channels: int, *, thaws: bool = False, mute: bool = False
    ) -> None:
        super().__init__()
        self.network, self.thaws, self.mute = network, thaws, mute
        norm = nn.BatchNorm2d(channels, affine=False)
        self.backbone = nn.Sequential(nn.Conv2d(channels, channels, 1), norm)
        self.backbone.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        if self.thaws:
            self.backbone.train()
        made: Tensor = torch.tanh(self.backbone(self.network(x)))
        return made

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        self.backbone.eval()
        return None if self.mute else self


def with_backbone(**how: Any) -> Callable[[Any, Image, Image], nn.Module]:
    def build(self: Any, given: Image, wanted: Image) -> nn.Module:
        return Backbone(PainterSpec().build(given, wanted), wanted.channels, **how)

    return build


class Frozen(PainterSpec, name="sound"):
    """A generator with a frozen backbone, which refuses to train."""

    build = with_backbone()


@fault("what it freezes stays", "backbone.1.running_mean did not stay as it was")
class Thawing(PainterSpec, name="faulty"):
    """A generator that trains its frozen backbone all the same."""

    build = with_backbone(thaws=True)


@fault("what it freezes stays", "end a train() of your own with `return self`")
class Mute(PainterSpec, name="faulty"):
    """A generator whose train() returns nothing."""

    build = with_backbone(mute=True)


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


@fault("works under autocast", "compute sums, variances and exponentials in float32")
class Cancelling(PainterSpec, name="faulty"):
    """A generator that adds a large number and takes it away again."""

    build = painting(after=lambda made: (made + 100) - 100)


@fault("equal calls from one seed", "python's random or numpy's global generator moved")
class Dicing(PainterSpec, name="faulty"):
    """A generator whose noise in training is python's."""

    build = painting(after=lambda made: made * random.random())


CALLS = itertools.count(1)


@fault("equal calls from one seed", "nothing may stay from call to call but buffers")
class Tiring(PainterSpec, name="faulty"):
    """A generator that grows weaker with every call."""

    build = painting(after=lambda made: made / next(CALLS))


@fault("exports where it says so", "no branch on values")
class Unportable(PainterSpec, name="faulty"):
    """A generator that promises an export and looks at its values."""

    exportable = True
    build = painting(after=lambda made: made if made.mean() < 2 else -made)


ASKED: list[str] = []


def fading(made: Tensor) -> Tensor:
    ASKED.append("again")
    return made / len(ASKED)


@fault("exports where it says so", "an export holds them as they were")
class Stale(PainterSpec, name="faulty"):
    """A generator with a number that changes, of which an export keeps the first."""

    exportable = True
    build = painting(after=fading)


class Portable(PainterSpec, name="portable"):
    """A generator that promises an export and keeps the promise."""

    exportable = True


def test_a_kept_promise_is_no_fault() -> None:
    assert examine(Portable, "exports where it says so") == {}


@fault("published layouts fill the network", "no such key: lost.weight; without a source: 0.bias")
class Mistranslating(PainterSpec, name="faulty"):
    """A generator with a wrong dictionary."""

    def published(self, given: Image, wanted: Image) -> list[Published]:
        names = {"0.weight": "lost.weight", "2.weight": "2.weight", "2.bias": "2.bias"}
        return [Published("G", {**names, "1": "0.weight"})]


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


class Open(PainterSpec, name="faulty"):
    """A generator that shows what lies before its head: 8 channels."""

    after: ClassVar[float] = 1.0

    def features(self, given: Image, wanted: Image) -> Image | None:
        return wanted.with_channels(8)

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Shown(given.channels, wanted.channels, self.after)


class Shown(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, after: float) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, 8, 3, padding=1)
        self.last = nn.Conv2d(8, channels_out, 3, padding=1)
        self.after = after

    def features(self, condition: Tensor) -> Tensor:
        made: Tensor = self.first(condition)
        return made

    def head(self, features: Tensor) -> Tensor:
        return torch.tanh(self.last(features))

    def forward(self, condition: Tensor) -> Tensor:
        return self.head(self.features(condition)) * self.after


def test_open_features_are_no_fault() -> None:
    assert examine(Open, "features lead to the head") == {}


@fault("features lead to the head", "the module both methods")
class Closed(PainterSpec, name="faulty"):
    """A generator that promises features and has none."""

    def features(self, given: Image, wanted: Image) -> Image | None:
        return wanted.with_channels(8)


@fault("features lead to the head", "expected: features 9x")
class Boasting(Open, name="faulty"):
    """A generator that has fewer features than it says."""

    def features(self, given: Image, wanted: Image) -> Image | None:
        return wanted.with_channels(9)


@fault("features lead to the head", "another picture")
class Retouching(Open, name="faulty"):
    """A generator that does something after its head."""

    after: ClassVar[float] = 0.5


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(Frozen)
