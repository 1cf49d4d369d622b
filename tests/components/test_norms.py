"""Norms in half, with their statistics in float32."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.checks.rehearsal import Bytes
from gan_zoo.components import norms
from gan_zoo.components.norms import (
    GroupNorm,
    InstanceNorm,
    Normalized,
    norm_layer,
    norms_in_half,
)

HALF = {"bfloat16": torch.bfloat16, "float16": torch.float16}
STEP = {"bfloat16": 2**-7, "float16": 2**-10}  # from a number to the next, relative
SHAPES = [(1, 4, 16, 24), (3, 6, 5, 7), (2, 8, 1, 1), (2, 2, 33, 1)]
LAYOUTS = [torch.contiguous_format, torch.channels_last]
EVERYWHERE = pytest.mark.parametrize("place", ["cpu", "elsewhere"], indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The CPU's own kernels, or what is done on any other device."""
    word: str = request.param
    if word == "elsewhere":

        def by_hand(x: Tensor, groups: int, *weights: Tensor, eps: float = 1e-5) -> Tensor:
            weight, bias = weights or (None, None)
            made: Tensor = Normalized.apply(x, groups, weight, bias, eps)
            return made

        monkeypatch.setattr(norms, "normalize", by_hand)
    return word


def picture(shape: tuple[int, ...], layout: Any = torch.contiguous_format) -> Tensor:
    """Far from zero: means of half would be seen."""
    made = torch.randn(shape) * 0.7 + 3 * torch.randn(shape[1])[:, None, None]
    return made.contiguous(memory_format=layout)


def gradients(
    norm: Callable[[Tensor], Tensor], x: Tensor, towards: Tensor, *weights: Tensor
) -> list[Tensor]:
    x = x.detach().requires_grad_()
    made = norm(x)
    return [made, *torch.autograd.grad(made, [x, *weights], towards.to(made))]


def close(ours: Tensor, theirs: Tensor, step: float) -> None:
    """Rounded once: half a step of each number, and what float32 leaves where terms cancel."""
    slack = 1e-5 * theirs.abs().max().item() + 1e-4
    off = (ours.double() - theirs.double()).abs() - step / 2 * theirs.double().abs()
    assert off.max().item() <= slack


@pytest.mark.parametrize("number", HALF)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS, ids=["contiguous", "channels_last"])
@pytest.mark.parametrize("kind", ["instance", "group"])
@EVERYWHERE
def test_half_is_float64_rounded_once(
    number: str, shape: tuple[int, ...], layout: Any, kind: Any, place: str
) -> None:
    torch.manual_seed(0)
    norm = norm_layer(kind, shape[1])
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    norms_in_half(norm, on=True)
    x, towards = picture(shape, layout).to(HALF[number]), torch.randn(shape).to(HALF[number])
    ours = gradients(norm, x, towards, *norm.parameters())
    exact = norm.double()
    theirs = gradients(exact, x.double(), towards, *exact.parameters())
    assert ours[0].dtype == ours[1].dtype == HALF[number]
    assert ours[0].is_contiguous(memory_format=layout)
    assert [t.dtype for t in ours[2:]] == [torch.float32] * len(ours[2:])
    for one, other in zip(ours, theirs, strict=True):
        close(one, other, STEP[number])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("on", [True, False])
def test_whole_numbers_are_as_they_were_to_the_bit(dtype: torch.dtype, on: bool) -> None:
    torch.manual_seed(0)
    x, towards = picture((2, 6, 9, 5)).to(dtype), torch.randn(2, 6, 9, 5).to(dtype)
    ours, plain = norm_layer("group", 6).to(dtype), nn.GroupNorm(3, 6).to(dtype)
    instance = InstanceNorm(6)
    for norm in (ours, instance):
        norms_in_half(norm, on=on)
    for one, other in (
        (gradients(ours, x, towards), gradients(plain, x, towards)),
        (gradients(instance, x, towards), gradients(lambda x: F.group_norm(x, 6), x, towards)),
    ):
        assert all(map(torch.equal, one, other))


@pytest.mark.parametrize("groups", [2, 6])
@pytest.mark.parametrize("learned", [True, False])
def test_gradients_and_gradients_of_gradients(groups: int, learned: bool) -> None:
    torch.manual_seed(0)
    wide: dict[str, Any] = {"dtype": torch.float64, "requires_grad": True}
    given = [torch.randn(2, 6, 3, 4, **wide)]
    given += [torch.randn(6, **wide) for _ in range(2 * learned)]

    def norm(x: Tensor, *weights: Tensor) -> Tensor:
        weight, bias = weights or (None, None)
        made: Tensor = Normalized.apply(x, groups, weight, bias, 1e-5)
        return made

    assert torch.autograd.gradcheck(norm, given)
    assert torch.autograd.gradgradcheck(norm, given)


@pytest.mark.parametrize("kind", ["instance", "group"])
def test_compiled_it_is_the_same(kind: Any) -> None:
    torch.manual_seed(0)
    norm = norm_layer(kind, 4)
    norms_in_half(norm, on=True)
    x, towards = picture((2, 4, 6, 5)).bfloat16(), torch.randn(2, 4, 6, 5)
    eager = gradients(norm, x, towards)
    compiled = torch.compile(norm, backend="aot_eager", fullgraph=True)
    for one, other in zip(gradients(compiled, x, towards), eager, strict=True):
        assert one.dtype == torch.bfloat16
        close(one, other.float(), 2 * STEP["bfloat16"])


def kept_bytes(norm: nn.Module, x: Tensor, *, on: bool) -> int:
    """What a norm holds for backward beside its input and what it makes."""
    norms_in_half(norm, on=on)
    with Bytes() as seen:
        seen.count([x])
        before = seen.live
        made: Tensor = norm(x)
        gc.collect()
        held: int = seen.live - before - made.untyped_storage().nbytes()
        return held


@pytest.mark.parametrize("kind", ["instance", "group"])
@EVERYWHERE
def test_no_copy_of_the_picture_is_held(kind: Any, place: str) -> None:
    x = torch.randn(2, 8, 32, 32).bfloat16().requires_grad_()
    norm = norm_layer(kind, 8)
    own = sum(p.nbytes for p in norm.parameters())
    ones = 2 * 8 * 4 if place == "cpu" and kind == "instance" else 0
    assert kept_bytes(norm, x, on=True) <= own + ones + 2 * 2 * 8 * 4  # mean and deviation


def test_batch_norm_in_half_keeps_float32_statistics() -> None:
    """Of torch's own, which autocast leaves in half."""
    torch.manual_seed(0)
    norm, exact = nn.BatchNorm2d(6), nn.BatchNorm2d(6).double()
    x, towards = picture((4, 6, 9, 5)).bfloat16(), torch.randn(4, 6, 9, 5).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        ours = gradients(norm, x, towards, *norm.parameters())
    theirs = gradients(exact, x.double(), towards, *exact.parameters())
    assert ours[0].dtype == torch.bfloat16
    assert norm.running_var is not None
    assert exact.running_var is not None
    torch.testing.assert_close(norm.running_var.double(), exact.running_var, rtol=1e-5, atol=0)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.double(), other, rtol=STEP["bfloat16"], atol=2e-3)


def test_autocast_does_not_reach_into_it() -> None:
    torch.manual_seed(0)
    norm = GroupNorm(2, 4)
    norms_in_half(norm, on=True)
    x, towards = picture((2, 4, 6, 5)).bfloat16(), torch.randn(2, 4, 6, 5)
    plain = gradients(norm, x, towards, *norm.parameters())
    with torch.autocast("cpu", torch.bfloat16):
        cast = gradients(norm, x, towards, *norm.parameters())
    assert all(map(torch.equal, plain, cast))
