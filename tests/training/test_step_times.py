"""Where a step's time goes: on traces written by hand, and on traces of small networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.checkpoint import checkpoint

from gan_zoo.engine.regions import PREFIX, STEP, region
from gan_zoo.training.profiling import QUIET, _operations
from gan_zoo.training.step_times import (
    BETWEEN,
    NODE,
    POINTWISE,
    REST,
    Cell,
    Operation,
    StepTimes,
    _kind_of,
    find_gaps,
    mean,
    middle_half,
    step_times,
)

CONV, POOL, ACTIVATION = "convolution", "padding and resampling", "activation"


def named(name: str, start: float, end: float, **more: float) -> Operation:
    return Operation(PREFIX + name, start, end, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aten::conv2d", CONV),
        ("aten::mkldnn_convolution", CONV),
        (NODE + "ConvolutionBackward0", CONV),
        ("aten::addmm", CONV),
        ("aten::linear", CONV),
        ("aten::native_group_norm", "norm"),
        (NODE + "CudnnBatchNormBackward0", "norm"),
        ("aten::linalg_vector_norm", POINTWISE),
        ("aten::leaky_relu_", ACTIVATION),
        (NODE + "TanhBackward0", ACTIVATION),
        ("aten::native_dropout", ACTIVATION),
        ("aten::reflection_pad2d", POOL),
        (NODE + "AvgPool2DBackward0", POOL),
        ("aten::upsample_nearest2d", POOL),
        ("aten::copy_", "copies and casts"),
        ("aten::to", "copies and casts"),
        ("aten::cat", "copies and casts"),
        (NODE + "CatBackward0", "copies and casts"),
        (NODE + "torch::autograd::AccumulateGrad", "copies and casts"),
        ("aten::mse_loss", POINTWISE),
        ("aten::binary_cross_entropy_with_logits", POINTWISE),
        (NODE + "MeanBackward0", POINTWISE),
        ("cudaMemcpyAsync", "copies and casts"),
        ("cudaLaunchKernel", None),
        (PREFIX + "losses.conv", None),
    ],
)
def test_an_operation_has_the_kind_that_its_name_tells(name: str, kind: str | None) -> None:
    assert _kind_of(name) == kind


def on_a_device() -> list[Operation]:
    """A step as a GPU has it: going backward is done by another thread, while the first one waits;
    a third one pins batches.
    """
    return [
        named("step", 0, 100),
        named("waiting for data", 0, 5),
        named("generator", 10, 30),
        Operation("aten::conv2d", 12, 22, sequence=7, kernels=40, launches=2),
        Operation("cudaLaunchKernel", 14, 18),
        Operation("aten::mul", 24, 26, sequence=8, kernels=3, launches=1),
        named("discriminator", 30, 40),
        Operation("aten::add", 31, 33, sequence=9),
        Operation(NODE + "AddBackward0", 50, 55, thread=2, sequence=9, forward_thread=1),
        Operation(NODE + "ConvolutionBackward0", 60, 80, thread=2, sequence=7, forward_thread=1),
        Operation("aten::convolution_backward", 61, 78, thread=2, kernels=60, launches=3),
        Operation(NODE + "torch::autograd::AccumulateGrad", 81, 83, thread=2),
        named("optimizer", 90, 96),
        Operation("aten::_foreach_add_", 91, 95, kernels=9, launches=1),
        Operation("cudaEventQuery", 21, 35, thread=9),
        Operation("aten::mul", 110, 120, kernels=5, launches=1),
    ]


def test_time_goes_to_whom_it_was_spent_for_whichever_thread_spends_it() -> None:
    [step] = step_times(on_a_device())
    told = {cell: time for cell, time in step.cpu.items() if time}
    assert told == {
        Cell("waiting for data", "data", False): 5,
        Cell("generator", CONV, False): 10,
        Cell("generator", POINTWISE, False): 2,
        Cell("generator", BETWEEN, False): 8,
        Cell("discriminator", POINTWISE, False): 2,
        Cell("discriminator", BETWEEN, False): 8,
        Cell("discriminator", POINTWISE, True): 5,
        Cell("generator", CONV, True): 20,
        Cell("generator", "copies and casts", True): 2,
        Cell("optimizer", "optimizer", False): 6,
        Cell(REST, BETWEEN, False): 32,
    }
    assert sum(told.values()) == 100
    assert {cell: time for cell, time in step.device.items() if time} == {
        Cell("generator", CONV, False): 40,
        Cell("generator", POINTWISE, False): 3,
        Cell("generator", CONV, True): 60,
        Cell("optimizer", "optimizer", False): 9,
    }
    assert step.launches == 7


def test_gaps_are_what_no_kernel_fills() -> None:
    steps = [StepTimes(0, 100), StepTimes(120, 140)]
    find_gaps(steps, [(30, 40), (5, 20), (15, 25), (16, 17), (95, 125), (130, 150)])
    assert [step.gaps for step in steps] == [[5, 5, 55], [5]]


def test_a_step_that_was_disturbed_is_left_out() -> None:
    cell = Cell(REST, BETWEEN, False)
    steps = [StepTimes(0, length, cpu={cell: length}) for length in (9e5, 1e3, 3e3, 2e3, 5e3)]
    middle = middle_half(steps)
    assert [step.end for step in middle] == [2e3, 3e3, 5e3]
    assert mean([step.cpu for step in middle]) == {cell: pytest.approx(10 / 3)}
    assert middle_half(steps[:1]) == steps[:1]


# ---------------------------------------------------------------------------------- real traces


@contextmanager
def traced(steps: list[StepTimes]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(*QUIET)
        with profile(activities=[ProfilerActivity.CPU]) as trace, region(STEP):
            yield
        steps += step_times(_operations(trace.events()))


class Blurred(nn.Module):
    """Pools and bends; nothing of it convolves."""

    def forward(self, x: Tensor) -> Tensor:
        return F.softplus(F.avg_pool2d(x, 2))


def penalty(first: nn.Module, second: nn.Module, x: Tensor) -> Tensor:
    """A loss made of gradients: its backward goes through the nodes of a backward pass."""
    x = x.requires_grad_()
    with region("first"):
        middle = first(x)
    with region("second"):
        out = second(middle)
    [gradient] = torch.autograd.grad(out.sum(), x, create_graph=True)
    with region("losses.penalty"):
        return gradient.square().mean()


def plain(first: nn.Module, second: nn.Module, x: Tensor) -> Tensor:
    with region("first"):
        middle = first(x)
    with region("second"):
        out = second(middle)
    with region("losses.penalty"):
        return out.square().mean()


def made_anew(first: nn.Module, second: nn.Module, x: Tensor) -> Tensor:
    """The inside of the first one is made anew in the backward pass."""
    with region("first"):
        middle: Tensor = checkpoint(first, x, use_reentrant=False)
    with region("second"):
        out = second(middle)
    with region("losses.penalty"):
        return out.square().mean()


@pytest.mark.parametrize("loss", [plain, penalty, made_anew])
def test_going_backward_is_told_of_whom_went_forward(loss: object) -> None:
    first, second = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh()), Blurred()
    steps: list[StepTimes] = []
    with traced(steps):
        value = loss(first, second, torch.randn(2, 3, 18, 18))  # type: ignore[operator]
        torch.autograd.backward(value, inputs=list(first.parameters()))
    [step] = steps
    assert sum(step.cpu.values()) == pytest.approx(step.end - step.start, rel=1e-6)
    spent: Counter[tuple[str, str, bool]] = Counter()
    for (owner, kind, backward), time in step.cpu.items():
        if kind in (CONV, POOL, ACTIVATION) and time:
            spent[owner, kind, backward] += 1
    assert set(spent) == {
        ("first", CONV, False),
        ("first", CONV, True),
        ("first", ACTIVATION, False),
        ("first", ACTIVATION, True),
        ("second", POOL, False),
        ("second", POOL, True),
        ("second", ACTIVATION, False),
        ("second", ACTIVATION, True),
    }
    assert step.cpu[Cell("losses.penalty", POINTWISE, True)] > 0
    assert not step.device or not sum(step.device.values())


def test_nothing_is_marked_where_nobody_listens() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.profiler, "record_function", None)
        with region("generator"):
            pass
