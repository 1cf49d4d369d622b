"""The bytes of a rehearsal against those of a real step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils._python_dispatch import TorchDispatchMode

from gan_zoo.checks.rehearsal import Bytes, rehearse
from gan_zoo.recipe.recipe import Recipe
from tests.checks.reality import BOTTLENECK, LEAST_SQUARES, Reality

MIB = 2**20


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
            runner = real.enter(phase)
            runner.step([real.batch(phase)])
            with record_function(f"phase {phase}"):
                runner.step([real.batch(phase)])
            runner.remember()
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
    "activations": {"data.batch": 8, "generator.width": 16, "discriminator.width": 16},
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
        "data.batch": 10,
        "generator": {**BOTTLENECK, "width": 32},
        "discriminator": {"use": "pixel", "width": 16},
        "optimizers.generator": {"use": "sgd", "momentum": 0.9},
    },
    "half": {
        "data.batch": 18,
        "generator": {"use": "resnet", "width": 24, "blocks": 3, "norm": "instance"},
        "generator.dropout": "none",
        "generator.padding": "zero",
        "discriminator": {"use": "patch", "width": 32, "norm": "group"},
        "data.load": None,
        "data.crop": [128, 128],
        "engine.precision": "bfloat16",
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
    recipe = Recipe.load("pix2pix", set={**LARGE[name], "engine.device": "cpu"})
    measured = peaks(recipe)
    for rehearsed in rehearse(recipe):
        assert measured[rehearsed.phase] > 200 * MIB
        # promised within 15 %; what is really off is a percent, and of half, which is counted as on
        # a GPU, what norms need there on their way back
        off = 0.06 if name == "half" else 0.02
        assert rehearsed.peak_bytes == pytest.approx(measured[rehearsed.phase], rel=off)


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
