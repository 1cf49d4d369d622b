"""A rehearsal against the real step: the same operations, and as many bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from gan_zoo.assembly import assemble
from gan_zoo.check.rehearsal import Bytes, rehearse
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.stage import Memory, Stage
from gan_zoo.protocols import LossFunction, Term
from gan_zoo.recipe.model import Recipe
from gan_zoo.shapes import Image
from gan_zoo.specs import ConditionSpec, GeneratorSpec, LossSpec

MIB = 2**20

SMALL = {
    "data.load": None,
    "data.crop": [32, 32],
    "data.batch": 2,
    "generator.width": 4,
    "generator.depth": 4,
    "discriminator.width": 4,
    "discriminator.layers": 2,
}
LEAST_SQUARES = {"losses.gan.form": "least_squares", "losses.l1": None, "losses.l2": {"use": "l2"}}
BOTTLENECK = {"use": "encoder_decoder", "depth": 4, "norm": "instance"}
PHASES = {
    "phases.main": None,
    "phases.judge": {"steps": 1, "train": ["discriminator"], "size": [16, 16]},
    "phases.decode": {"steps": 1, "train": ["generator.decoder", "discriminator"]},
    "phases.both": {"steps": 1, "set": {"data.batch": 3}},
}
FEW: dict[str, dict[str, Any]] = {
    "unet": {},
    "least_squares": {**LEAST_SQUARES, "optimizers.generator": {"use": "sgd", "momentum": 0.9}},
    "encoder_decoder": {"generator": {**BOTTLENECK, "width": 4}},
    "pixel": {"discriminator": {"use": "pixel", "width": 4}},
    "unconditional": {"discriminator.conditional": False, "generator.dropout": "paper"},
    "no_discriminator": {
        "discriminator": None,
        "losses.gan": None,
        "optimizers.discriminator": None,
    },
    "phases": PHASES,
}


class Reality:
    """Plays two steps of every phase on the CPU, as the rehearsal does on paper."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.assembly = assemble(recipe)
        self.memory = Memory()

    def enter(self, phase: str) -> Stage:
        precision = Precision(torch.device("cpu"), "float32", "contiguous")
        stage = Stage(self.assembly, phase, precision, self.memory)
        stage.begin()
        return stage

    def batch(self, phase: str) -> dict[str, Tensor]:
        recipe = self.recipe.in_phase(phase)
        maps = recipe.method.wire(recipe, recipe.phases[phase].size).maps
        batch = {}
        for name, image in maps.items():
            assert image.size is not None
            shape = (recipe.data.batch, image.channels, *image.size)
            batch[name] = torch.zeros(shape, dtype=torch.uint8)
        return batch

    def weights(self) -> int:
        tensors = [
            t
            for net in self.assembly.networks.values()
            for t in (*net.parameters(), *net.buffers())
        ]
        return sum(tensor.untyped_storage().nbytes() for tensor in tensors)


@pytest.mark.parametrize("name", FEW)
def test_the_operations_are_those_of_a_real_step(name: str) -> None:
    recipe = Recipe.load("pix2pix", set={**SMALL, **FEW[name]})
    real = Reality(recipe)
    found = rehearse(recipe)
    assert [phase.phase for phase in found] == list(recipe.phases)
    for rehearsed in found:
        stage = real.enter(rehearsed.phase)
        with FlopCounterMode(display=False) as counted:
            stage.step([real.batch(rehearsed.phase)])
        stage.remember()
        assert rehearsed.flop == counted.get_total_flops() > 0


# ---------------------------------------------------------------------------------- memory


class Brackets(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Marks every operation in a profile."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with record_function("operation"):
            return func(*args, **(kwargs or {}))


def peaks(recipe: Recipe) -> dict[str, int]:
    """Phase -> the peak of what torch's allocator on the CPU gave out, by its own profiler.

    What an operation allocates and frees before it returns is its kernel's scratch (oneDNN's
    reordered weights, im2col), and is left out.
    """
    real, brackets = Reality(recipe), Brackets()  # type: ignore[no-untyped-call]
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled, brackets:
        for phase in recipe.phases:
            stage = real.enter(phase)
            stage.step([real.batch(phase)])
            with record_function(f"phase {phase}"):
                stage.step([real.batch(phase)])
            stage.remember()
    spans: dict[str, tuple[int, int]] = {}
    events: list[tuple[int, int, int, int]] = []  # time, address, bytes, operation

    def walk(node: Any, operation: int) -> None:
        if node.name.startswith("phase "):
            spans[node.name.removeprefix("phase ")] = (node.start_time_ns, node.end_time_ns)
        if node.name == "operation" and not operation:
            operation = node.id
        if str(node.tag).endswith("Allocation"):
            made = node.extra_fields
            events.append((node.start_time_ns, made.ptr, made.alloc_size, operation))
        for child in node.children:
            walk(child, operation)

    for root in profiled.profiler.kineto_results.experimental_event_tree():
        walk(root, 0)
    events.sort()
    born: dict[int, tuple[int, int]] = {}
    scratch: set[int] = set()
    for index, (_, address, size, operation) in enumerate(events):
        if size > 0:
            born[address] = index, operation
        elif address in born:
            birth, by = born.pop(address)
            if operation and by == operation:
                scratch |= {index, birth}
    live = real.weights()
    found = dict.fromkeys(recipe.phases, 0)
    for index, (time, _, size, _) in enumerate(events):
        if index not in scratch:
            live += size
            for phase, (start, end) in spans.items():
                if start <= time <= end:
                    found[phase] = max(found[phase], live)
    return found


LARGE: dict[str, dict[str, Any]] = {
    "activations": {"data.batch": 6, "generator.width": 16, "discriminator.width": 16},
    "weights": {
        "data.load": None,
        "data.crop": [64, 64],
        "generator": {"use": "unet", "depth": 6, "width": 56},
        "discriminator": {"use": "patch", "layers": 2, "width": 32},
    },
    "encoder_decoder": {
        **LEAST_SQUARES,
        "data.load": None,
        "data.crop": [128, 128],
        "data.batch": 8,
        "generator": {**BOTTLENECK, "width": 32},
        "discriminator": {"use": "pixel", "width": 16},
        "optimizers.generator": {"use": "sgd", "momentum": 0.9},
    },
    "phases": {
        "data.load": None,
        "data.crop": [64, 64],
        "generator": {"use": "unet", "depth": 6, "width": 56},
        "phases.main": None,
        "phases.both": {"steps": 1},
        "phases.judge": {"steps": 1, "train": ["discriminator"]},
    },
}


@pytest.mark.parametrize("name", LARGE)
def test_the_memory_is_that_of_a_real_step(name: str) -> None:
    recipe = Recipe.load("pix2pix", set=LARGE[name])
    measured = peaks(recipe)
    for rehearsed in rehearse(recipe):
        assert measured[rehearsed.phase] > 200 * MIB
        # promised within 15 %; what is really off is a percent
        assert rehearsed.peak_bytes == pytest.approx(measured[rehearsed.phase], rel=0.02)


# ---------------------------------------------------------------------------------- bookkeeping


def test_bytes_live_as_long_as_their_storage() -> None:
    with torch.device("meta"), Bytes() as seen:
        weight = torch.empty(10)
        assert seen.live == 40
        view = weight[2:].reshape(2, 4)
        assert seen.live == 40
        del weight
        assert seen.live == 40
        made = view + 1
        assert (seen.live, seen.peak) == (72, 72)
        del made, view
        assert (seen.live, seen.peak) == (0, 72)


def test_an_address_that_is_used_again_counts_anew() -> None:
    with torch.device("meta"), Bytes() as seen:
        addresses = set()
        for n in range(1, 50):
            made = torch.empty(n) * 2
            addresses.add(made.untyped_storage()._cdata)
            assert seen.live == 4 * n
            assert seen.used(made) is False
            made.sum()
            assert seen.used(made) is True
            del made
        assert seen.live == 0
    assert len(addresses) < 49  # else the test would show nothing


def test_what_was_there_before_counts_when_it_is_met() -> None:
    constant, weight = torch.empty(10, device="meta"), torch.empty(5, device="meta")
    with Bytes() as seen:
        seen.count([weight, weight[1:]])
        assert seen.live == 20
        made = weight.sum() + constant.sum()
        assert seen.live == 60 + 4
        seen.forget()
        assert seen.peak == seen.live
        assert not seen.used(weight)
    assert made.is_meta


# ---------------------------------------------------------------------------------- the rest


def test_what_plays_what_rests_and_what_learns_is_told() -> None:
    recipe = Recipe.load("pix2pix", set={**SMALL, **PHASES})
    networks = assemble(recipe).networks
    size: Mapping[str, int] = {
        n: sum(p.numel() for p in m.parameters()) for n, m in networks.items()
    }
    judge, decode, both = rehearse(recipe)
    for found in (judge, decode, both):
        assert found.playing == size
        assert found.resting == {"generator": 0, "discriminator": 0}
        assert found.receptive_field == 34
    decoder = sum(p.numel() for p in networks["generator"].get_submodule("decoder").parameters())
    assert judge.learning == {"generator": 0, "discriminator": size["discriminator"]}
    assert decode.learning == {"generator": decoder, "discriminator": size["discriminator"]}
    assert both.learning == size
    assert [found.size for found in (judge, decode, both)] == [(16, 16), (32, 32), (32, 32)]
    assert [found.batch for found in (judge, decode, both)] == [2, 2, 3]
    assert judge.flop < decode.flop < both.flop


def test_a_size_that_nobody_tells_is_assumed_and_said() -> None:
    recipe = Recipe.load("pix2pix", set={**SMALL, "data.crop": None, "generator.depth": 3})
    [guess], [known] = rehearse(recipe), rehearse(recipe, (40, 48))
    assert (guess.assumed, guess.size) == (True, (256, 256))
    assert (known.assumed, known.size) == (False, (40, 48))


class Point(nn.Module):
    """A generator of single pixels, with a layer that rests."""

    def __init__(self) -> None:
        super().__init__()
        self.plays, self.rests = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.plays(x)
        return made


class PointSpec(GeneratorSpec, name="point"):
    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Point()

    def multiple(self) -> int:
        return 3


def pointwise(**changes: Any) -> Recipe:
    recipe = Recipe.load("pix2pix", set={**SMALL, **changes})
    return recipe.model_copy(update={"generator": PointSpec(), "init": None})


def test_a_known_side_is_rehearsed_as_it_is_and_a_guess_as_it_suits() -> None:
    free = pointwise(**{"data.crop": None})
    assert [rehearse(free, size)[0].size for size in ((18, 20), None)] == [(18, 20), (258, 258)]
    wide = pointwise(**{"data.crop": None, "data.scale_width": 20})
    assert [rehearse(wide, size)[0].size for size in ((16, 20), None)] == [(16, 20), (258, 20)]


def test_what_learns_and_does_not_play_is_not_counted() -> None:
    [found] = rehearse(pointwise())
    assert found.learning["generator"] == found.playing["generator"] == 3 * 3 + 3
    assert found.resting["generator"] == 3 * 3 * 9 + 3
    assert found.learning["discriminator"] == found.playing["discriminator"] > 0


class Ids(nn.Module):
    kinds: ClassVar[list[torch.dtype]] = []

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        self.kinds[:] = [maps["label"].dtype, maps["source"].dtype]
        return maps["source"]


class IdsSpec(ConditionSpec, name="ids"):
    def needs(self) -> tuple[str, ...]:
        return "source", "label"

    def gives(self, maps: Mapping[str, Image]) -> Image:
        return maps["source"]

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        return Ids()


def test_maps_of_ids_are_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = pointwise().model_copy(update={"conditions": {"ids": IdsSpec()}})
    kind, maps = type(recipe.data), type(recipe.data).maps
    label = Image(1, 32, 32, classes=5)
    monkeypatch.setattr(kind, "maps", lambda *given: {**maps(*given), "label": label})
    rehearse(recipe)
    assert Ids.kinds == [torch.int64, torch.float32]


class FeaturesSpec(LossSpec, name="features"):
    """Distances of features that are drawn and stay."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"generator": frozenset({"fake", "real"})}

    def build(self) -> LossFunction:
        layer = nn.Conv2d(3, 2, 1)
        weight = self.weight

        class Features(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = layer.requires_grad_(False)

            def forward(self, scene: Any, player: str) -> list[Term]:
                if player != "generator":
                    return []
                assert self.layer.weight.is_meta
                apart = self.layer(scene["fake"]) - self.layer(scene["real"])
                return [Term("G_Features", apart.abs().mean(), weight)]

        return Features()


def test_what_a_phase_builds_anew_is_on_paper_too_and_optimizers_count_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = pointwise()
    losses = {**recipe.losses, "features": FeaturesSpec()}
    recipe = recipe.model_copy(update={"losses": losses})
    changed = recipe.model_copy(update={"losses": {**losses, "features": FeaturesSpec(weight=9.0)}})
    monkeypatch.setattr(Recipe, "in_phase", lambda self, name: changed)
    counts: set[str] = set()
    remember = Stage.remember

    def watched(stage: Stage) -> Memory:
        memory = remember(stage)
        states = [state for own in memory.optimizers.values() for state in own.values()]
        counts.update(state["step"].device.type for state in states)
        assert all(state["exp_avg"].is_meta for state in states)
        return memory

    monkeypatch.setattr(Stage, "remember", watched)
    [found] = rehearse(recipe)
    assert found.flop > 0
    assert counts == {"cpu"}


def test_no_weight_is_allocated() -> None:
    """Of a network that would fill any machine."""
    recipe = Recipe.load("pix2pix", set={"generator.width": 4096})
    [found] = rehearse(recipe)
    assert found.playing["generator"] > 2 * 10**11
    assert found.peak_bytes > 3 * 10**12
